// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Follows each transaction from where it is opened: through the functions that are called from
/// inside of it, requirements of protocols and overridden methods included, to every statement that
/// runs in it.
///
/// A function of the tree that hands a connection to the closure it gets opens a transaction where
/// its own body does.
struct OpenedTransactions {
  private struct OpeningID: Hashable {
    var file: FileID
    var index: Int
  }

  private let table: SymbolTable
  private let openings: [OpeningID: TransactionOpening]
  private let inOrder: [OpeningID]
  private var usesIn: [OpeningID: [FoundTableUse]] = [:]
  private var callsIn: [OpeningID: [DatabaseCall]] = [:]
  private var usesOf: [MemberID: [FoundTableUse]] = [:]
  private var callsOf: [MemberID: [DatabaseCall]] = [:]
  private var inner: [OpeningID: [OpeningID]] = [:]
  private var openedBy: [MemberID: [OpeningID]] = [:]
  /// Types by each type that they refine, inherit from or conform to.
  private let descendants: [NominalID: [NominalID]]

  /// - Parameters:
  ///   - uses: uses of tables in bodies.
  ///   - signals: by file of the model.
  init(_ uses: [FoundTableUse], _ signals: [FileSignals], _ table: SymbolTable) {
    self.table = table
    var openings: [OpeningID: TransactionOpening] = [:]
    var inOrder: [OpeningID] = []
    for (file, found) in signals.enumerated() {
      for (index, opening) in found.openings.enumerated() {
        let id = OpeningID(file: FileID(file), index: index)
        openings[id] = opening
        inOrder.append(id)
      }
    }
    self.openings = openings
    self.inOrder = inOrder
    descendants = openings.isEmpty ? [:] : Self.descendants(in: table)
    guard !openings.isEmpty else { return }
    for id in inOrder {
      guard let opening = openings[id] else { continue }
      if let outer = opening.outer {
        inner[OpeningID(file: id.file, index: outer), default: []].append(id)
      }
      if let member = opening.member { openedBy[member, default: []].append(id) }
    }
    for use in uses where use.use.access != .maps {
      if let member = use.member { usesOf[member, default: []].append(use) }
      if let opening = use.opening {
        usesIn[OpeningID(file: use.use.position.file, index: opening), default: []].append(use)
      }
    }
    for call in signals.flatMap(\.databaseCalls) {
      if let caller = call.caller { callsOf[caller, default: []].append(call) }
      if let opening = call.opening {
        callsIn[OpeningID(file: call.position.file, index: opening), default: []].append(call)
      }
    }
  }

  private static func descendants(in table: SymbolTable) -> [NominalID: [NominalID]] {
    var descendants: [NominalID: [NominalID]] = [:]
    for index in table.nominals.indices {
      let id = NominalID(index)
      for ancestor in table[id].lineage where ancestor != id {
        descendants[ancestor, default: []].append(id)
      }
    }
    return descendants
  }

  /// Transactions that do anything, in order of where they are opened.
  func found() -> [DatabaseTransaction] {
    inOrder.compactMap { id -> DatabaseTransaction? in
      guard let opening = openings[id], opens(id), !isPartOfAnother(id) else { return nil }
      let steps = steps(of: id)
      guard !steps.isEmpty else { return nil }
      return DatabaseTransaction(
        opener: opening.opener, function: opening.function, position: opening.position,
        steps: steps)
    }.sorted { $0.position < $1.position }
  }

  /// Whether a transaction is opened there: a wrapper has to open one itself, or by another.
  private func opens(_ id: OpeningID) -> Bool {
    var seen: Set<MemberID> = []
    var queue = [id]
    while let next = queue.popLast() {
      guard let opening = openings[next] else { continue }
      guard let wrapper = opening.wrapper else { return true }
      for member in implementations(of: wrapper) where seen.insert(member).inserted {
        queue += openedBy[member] ?? []
      }
    }
    return false
  }

  private func isPartOfAnother(_ id: OpeningID) -> Bool {
    var current = openings[id]?.outer
    while let outer = current {
      let around = OpeningID(file: id.file, index: outer)
      if opens(around) { return true }
      current = openings[around]?.outer
    }
    return false
  }

  private func steps(of id: OpeningID) -> [DatabaseTransaction.Step] {
    var steps: Set<DatabaseTransaction.Step> = []
    var reached: Set<MemberID> = []
    var members: [MemberID] = []
    func reach(_ calls: [DatabaseCall]) {
      for call in calls {
        for member in implementations(of: call.callee) where reached.insert(member).inserted {
          members.append(member)
        }
      }
    }
    func take(_ uses: [FoundTableUse]) {
      for use in uses {
        steps.insert(
          DatabaseTransaction.Step(
            table: use.use.table, access: use.use.access, type: use.use.type,
            position: use.use.position))
      }
    }
    var inside = [id]
    while let next = inside.popLast() {
      take(usesIn[next] ?? [])
      reach(callsIn[next] ?? [])
      inside += inner[next] ?? []
    }
    while let member = members.popLast() {
      take((usesOf[member] ?? []).filter { !startsAnew($0.opening, $0.use.position.file) })
      reach((callsOf[member] ?? []).filter { !startsAnew($0.opening, $0.position.file) })
    }
    return steps.sorted()
  }

  /// Whether code of a called function runs in a transaction of its own, on another connection.
  private func startsAnew(_ opening: Int?, _ file: FileID) -> Bool {
    var current = opening
    while let index = current {
      let id = OpeningID(file: file, index: index)
      guard let opening = openings[id] else { return false }
      if !opening.joinsOuter, opens(id) { return true }
      current = opening.outer
    }
    return false
  }

  /// The function itself, and what stands for it in types that conform or inherit.
  private func implementations(of member: MemberID) -> [MemberID] {
    guard let owner = table[member].owner, let types = descendants[owner] else { return [member] }
    let labels = table.declaration(of: table[member]).parameters.map(\.label)
    return [member]
      + types.flatMap { type in
        (table[type].members[table[member].name] ?? []).filter { other in
          other != member && table[other].kind == .function
            && table.declaration(of: table[other]).parameters.map(\.label) == labels
        }
      }
  }
}
