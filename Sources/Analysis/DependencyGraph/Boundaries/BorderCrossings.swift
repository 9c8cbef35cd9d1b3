// SPDX-License-Identifier: Apache-2.0

/// Every reference and every table use that crosses a border of an assignment, in source order.
struct BorderCrossings: Sendable {
  /// References from a type of one service to a type of another, as indices of the model's list.
  let references: [Int]
  /// Uses of a table that another service owns, as indices of the model's list.
  let tableUses: [Int]
  private let assignment: ServiceAssignment
  private let seams: SeamAdvice

  init(_ model: CodeModel, _ assignment: ServiceAssignment) {
    self.assignment = assignment
    references = model.references.indices.filter { index in
      let reference = model.references[index]
      guard let from = assignment[reference.from], let to = assignment[reference.to] else {
        return false
      }
      return from != to
    }
    tableUses = model.tableUses.indices.filter { index in
      let use = model.tableUses[index]
      guard let from = assignment[use.type], let owner = assignment.ownerOfTable[use.table] else {
        return false
      }
      return from != owner
    }
    seams = SeamAdvice(model, assignment)
  }

  /// How a crossing reference can be replaced.
  func seam(ofReference index: Int, _ model: CodeModel) -> Cut.Seam {
    seams.seam(for: model.references[index], model)
  }

  var isEmpty: Bool { references.isEmpty && tableUses.isEmpty }

  /// Crossings with the services of both ends.
  func pairs(_ model: CodeModel) -> [(from: Int, to: Int)] {
    references.compactMap { index in
      let reference = model.references[index]
      guard let from = assignment[reference.from], let to = assignment[reference.to] else {
        return nil
      }
      return (from, to)
    }
      + tableUses.compactMap { index in
        let use = model.tableUses[index]
        guard let from = assignment[use.type], let owner = assignment.ownerOfTable[use.table] else {
          return nil
        }
        return (from, owner)
      }
  }

  /// A crossing reference as a cut; nil for one whose ends are not both in services.
  func cut(ofReference index: Int, _ model: CodeModel, names: [String]) -> Cut? {
    let reference = model.references[index]
    guard let from = assignment[reference.from], let to = assignment[reference.to] else {
      return nil
    }
    return Cut(
      fromService: names[from], toService: names[to],
      fromType: model.displayName(reference.from), target: model.displayName(reference.to),
      location: model.location(reference.position), symbol: reference.symbol,
      kind: .reference(reference.kind), seam: seams.seam(for: reference, model),
      evidence: Cut.Evidence(of: reference))
  }

  /// The cut list in order of place, without what crosses in `other` already.
  func cuts(_ model: CodeModel, names: [String], notIn other: BorderCrossings? = nil) -> [Cut] {
    let known = Set(other?.references ?? [])
    let knownUses = Set(other?.tableUses ?? [])
    var cuts: [Cut] = []
    for index in references where !known.contains(index) {
      if let cut = cut(ofReference: index, model, names: names) { cuts.append(cut) }
    }
    for index in tableUses where !knownUses.contains(index) {
      let use = model.tableUses[index]
      guard let from = assignment[use.type], let owner = assignment.ownerOfTable[use.table] else {
        continue
      }
      cuts.append(
        Cut(
          fromService: names[from], toService: names[owner],
          fromType: model.displayName(use.type), target: use.table,
          location: model.location(use.position), symbol: use.table,
          kind: .table(use.access), seam: seams.seam(for: use)))
    }
    return cuts.sorted { left, right in
      if left.location != right.location { return left.location < right.location }
      return (left.kind.name, left.symbol, left.target, left.fromType)
        < (right.kind.name, right.symbol, right.target, right.fromType)
    }
  }
}
