// SPDX-License-Identifier: Apache-2.0

/// Suggests how to replace a reference that crosses a border. A rule of thumb for a person to
/// check: it sees names and shapes, not meaning.
struct SeamAdvice: Sendable {
  /// Words of members that tell of something that has happened and expect no answer.
  private static let notificationWords: Set<String> = [
    "notify", "notification", "publish", "emit", "send", "enqueue", "schedule", "email", "mail",
    "record", "track", "audit", "log", "report", "announce", "broadcast", "dispatch", "push",
  ]
  /// A type with more members than this is no plain value that both sides could copy.
  private static let copyableMembers = 12

  private let hasBehaviour: [Bool]
  private let foreignUsers: [Int]
  private let ownUsers: [Int]
  /// Tables that several services write.
  private let sharedTables: Set<String>
  private let assignment: ServiceAssignment
  /// Parts that only hand out what belongs to their service.
  private let isHandle: [Bool]

  init(_ model: CodeModel, _ assignment: ServiceAssignment) {
    var hasBehaviour = model.types.map { $0.kind == .class || $0.kind == .actor }
    for use in model.tableUses { hasBehaviour[Int(use.type.index)] = true }
    for route in model.routes { hasBehaviour[Int(route.handler.index)] = true }
    for job in model.jobs { hasBehaviour[Int(job.type.index)] = true }
    for call in model.outboundCalls { hasBehaviour[Int(call.type.index)] = true }
    self.hasBehaviour = hasBehaviour
    var foreign = [Int](repeating: 0, count: model.types.count)
    var own = foreign
    for reference in model.references where reference.from != reference.to {
      guard let from = assignment[reference.from], let to = assignment[reference.to] else {
        continue
      }
      if from == to {
        own[Int(reference.to.index)] += 1
      } else {
        foreign[Int(reference.to.index)] += 1
      }
    }
    foreignUsers = foreign
    ownUsers = own
    var writers: [String: Set<Int>] = [:]
    for use in model.tableUses where use.access == .writes {
      if let service = assignment[use.type] { writers[use.table, default: []].insert(service) }
    }
    sharedTables = Set(writers.filter { $0.value.count > 1 }.keys)
    self.assignment = assignment
    isHandle = Self.handles(model)
  }

  /// A property that touches no data hands something out.
  private static func handles(_ model: CodeModel) -> [Bool] {
    var isHandle = model.types.indices.map { model.ownerOfPart[TypeID($0)] != nil }
    guard !model.ownerOfPart.isEmpty else { return isHandle }
    for use in model.tableUses { isHandle[Int(use.type.index)] = false }
    let functions = Dictionary(grouping: model.members.filter(\.isFunction), by: \.owner)
      .mapValues { Set($0.map(\.name)) }
    for (part, owner) in model.ownerOfPart
    where functions[owner]?.contains(model.type(part).name) ?? false {
      isHandle[Int(part.index)] = false
    }
    return isHandle
  }

  func seam(for use: TableUse) -> Cut.Seam {
    switch use.access {
    // One writer is the owner, whoever reads: the others ask it, or tell it.
    case .reads, .writes: sharedTables.contains(use.table) ? .splitTable : .apiCall
    case .defines: .splitTable
    case .maps: .copy
    }
  }

  func seam(for reference: Reference, _ model: CodeModel) -> Cut.Seam {
    let target = Int(reference.to.index)
    // What stays with the monolith is held and not asked: each service makes its own.
    if assignment.remainder != nil, assignment.isHeld(reference.to) || isHandle[target] {
      return isNotification(reference) ? .event : .ownInstance
    }
    switch reference.kind {
    case .inheritance:
      return .moveType
    case .conformance:
      return .copy
    case .global:
      return ownUsers[target] == 0 ? .moveType : .copy
    case .call, .construction:
      if isNotification(reference) { return .event }
      if hasBehaviour[target] { return .apiCall }
    case .storedProperty, .signature, .typeUse:
      if hasBehaviour[target] { return .apiCall }
    }
    if ownUsers[target] == 0 || foreignUsers[target] > 4 * ownUsers[target] { return .moveType }
    let type = model.type(reference.to)
    let isPlain = type.kind != .fileScope && type.memberCount <= Self.copyableMembers
    return isPlain ? .copy : .apiCall
  }

  private func isNotification(_ reference: Reference) -> Bool {
    guard reference.kind == .call, let first = Vocabulary.words(in: reference.symbol).first else {
      return false
    }
    return Self.notificationWords.contains(first)
  }
}
