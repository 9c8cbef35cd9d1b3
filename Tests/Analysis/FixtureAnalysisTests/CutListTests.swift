// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SourceScanning
import Testing

/// The cut list is complete: without exactly the listed places nothing crosses.
@Suite struct CutListTests {
  private struct Place: Hashable {
    var location: Location
    var from: String
    var target: String
    var symbol: String
    var kind: String
  }

  @Test func `the monolith without its listed places has no crossing left`() throws {
    let study = BoundaryAnalysis().study(try ShopMonolith.model.get())
    try Self.expectComplete(study)
    #expect(study.suggestion.cuts.count > 50)
  }

  @Test func `a baseline knows the parts of a type again`() throws {
    let study = BoundaryAnalysis().study(try ShopMonolith.model.get())
    let check = BoundaryBaseline(study).check(try ShopMonolith.model.get())
    #expect(check.passes && check.grown == [] && check.shrunk == [] && check.newTypes == [])
    #expect(check.places.now == study.suggestion.cuts.count)
  }

  @Test(.timeLimit(.minutes(5)))
  func `so has a real package`() throws {
    try #require(Checkout.has("swift-argument-parser"))
    let model = try SourceScanner().scan(folder: Checkout.folder("swift-argument-parser/Sources"))
    let study = BoundaryAnalysis(options: AnalysisOptions(services: 4)).study(model)
    try Self.expectComplete(study)
    #expect(study.suggestion.cuts.count > 50)
  }

  @Test func `the smallest edit frees each service of the monolith`() throws {
    let study = BoundaryAnalysis().study(try ShopMonolith.model.get())
    for service in study.suggestion.services {
      let edit = service.effort.smallestEdit
      #expect(edit.edits <= service.effort.places, "\(service.name)")
      // Counted anew from the moved types, by a way that knows nothing of networks.
      #expect(try Self.places(freeing: service, study) == edit.places.count, "\(service.name)")
      // Whoever follows the advice has no more uses of foreign tables than before.
      let answer = try study.answer(
        to: WhatIf(moves: edit.moves.map { .init(type: $0.type, service: $0.to) }))
      #expect(answer.after.crossingTableUses <= answer.before.crossingTableUses, "\(service.name)")
    }
  }

  /// Places that cross the border of one service once its types have moved.
  private static func places(freeing service: Service, _ study: BoundaryStudy) throws -> Int {
    let model = study.model
    var inside = Set(
      model.types.indices.filter { study.placement(of: TypeID($0)) == .service(service.name) })
    for move in service.effort.smallestEdit.moves {
      let moved = model.types.indices.filter { index in
        let name = model.displayName(TypeID(index))
        return (name == move.type || name.hasPrefix(move.type + "."))
          && study.placement(of: TypeID(index)) == .service(move.from)
      }
      if move.to == service.name {
        inside.formUnion(moved)
      } else {
        inside.subtract(moved)
      }
    }
    let isService = { (type: TypeID) in study.service(of: type) != nil }
    let references = model.references.count { reference in
      isService(reference.from) && isService(reference.to)
        && inside.contains(Int(reference.from.index)) != inside.contains(Int(reference.to.index))
    }
    var owners: [String: String] = [:]
    for owner in study.suggestion.services {
      for table in owner.tables.owned { owners[table] = owner.name }
    }
    let uses = model.tableUses.count { use in
      guard isService(use.type), let owner = owners[use.table] else { return false }
      return inside.contains(Int(use.type.index)) != (owner == service.name)
    }
    return references + uses
  }

  private static func expectComplete(_ study: BoundaryStudy) throws {
    let listed = Set(
      study.suggestion.cuts.map {
        Place(
          location: $0.location, from: $0.fromType, target: $0.target, symbol: $0.symbol,
          kind: $0.kind.name)
      })
    var reduced = study.model
    reduced.references = study.model.references.filter { reference in
      !listed.contains(
        Place(
          location: study.model.location(reference.position),
          from: study.model.displayName(reference.from),
          target: study.model.displayName(reference.to), symbol: reference.symbol,
          kind: reference.kind.rawValue))
    }
    reduced.tableUses = study.model.tableUses.filter { use in
      !listed.contains(
        Place(
          location: study.model.location(use.position),
          from: study.model.displayName(use.type), target: use.table, symbol: use.table,
          kind: "table-" + use.access.rawValue))
    }
    // The borders stay where they are: a check against them is what sees crossings.
    let baseline = BoundaryBaseline(study)
    let before = baseline.check(study.model)
    #expect(before.places.now == study.suggestion.cuts.count)
    let after = baseline.check(reduced)
    #expect(after.places.now == 0)
    // And nothing else went with them.
    let removed =
      study.model.references.count - reduced.references.count + study.model.tableUses.count
      - reduced.tableUses.count
    #expect(removed == study.suggestion.cuts.count)
  }
}
