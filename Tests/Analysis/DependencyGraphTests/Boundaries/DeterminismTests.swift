// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

@Suite struct DeterminismTests {
  @Test func theOrderOfFactsDoesNotMatter() {
    let seed: UInt64 = 5
    var random = SeededRandom(seed: seed)
    let model = SampleShop.model
    let expected = BoundaryAnalysis().suggest(model)
    for _ in 0..<5 {
      let shuffled = Self.shuffled(model, &random)
      #expect(shuffled != model)
      #expect(BoundaryAnalysis().suggest(shuffled) == expected, "seed \(seed)")
    }
  }

  /// Another order of files and types, with identities renumbered to match.
  private static func shuffled(_ model: CodeModel, _ random: inout SeededRandom) -> CodeModel {
    let files = model.files.indices.shuffled(using: &random)
    let types = model.types.indices.shuffled(using: &random)
    var newFile: [Int: FileID] = [:]
    for (new, old) in files.enumerated() { newFile[old] = FileID(new) }
    var newType: [Int: TypeID] = [:]
    for (new, old) in types.enumerated() { newType[old] = TypeID(new) }
    func moved(_ position: SourcePosition) -> SourcePosition {
      var position = position
      position.file = newFile[Int(position.file.index)] ?? position.file
      return position
    }
    func moved(_ type: TypeID) -> TypeID { newType[Int(type.index)] ?? type }
    var result = model
    result.files = files.map { model.files[$0] }
    result.types = types.map { index in
      var type = model.types[index]
      type.position = moved(type.position)
      return type
    }
    result.references = model.references.map { reference in
      var reference = reference
      reference.from = moved(reference.from)
      reference.to = moved(reference.to)
      reference.position = moved(reference.position)
      return reference
    }.shuffled(using: &random)
    result.tableUses = model.tableUses.map { use in
      var use = use
      use.type = moved(use.type)
      use.position = moved(use.position)
      return use
    }.shuffled(using: &random)
    result.transactions = model.transactions.map { transaction in
      var transaction = transaction
      transaction.opener = moved(transaction.opener)
      transaction.position = moved(transaction.position)
      transaction.steps = transaction.steps.map { step in
        var step = step
        step.type = moved(step.type)
        step.position = moved(step.position)
        return step
      }.shuffled(using: &random)
      return transaction
    }.shuffled(using: &random)
    result.routes = model.routes.map { route in
      var route = route
      route.registeredBy = moved(route.registeredBy)
      route.handler = moved(route.handler)
      route.position = moved(route.position)
      return route
    }.shuffled(using: &random)
    result.jobs = model.jobs.map { job in
      var job = job
      job.type = moved(job.type)
      job.position = moved(job.position)
      return job
    }.shuffled(using: &random)
    return result
  }
}
