// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Carries a transaction into the functions that are called inside of it, so that one transaction
/// over three areas shows as one even where every area has its own function.
struct TransactionPropagation {
  private static let callDepth = 6

  private var usesByMember: [MemberID: [FoundTableUse]] = [:]
  private var callsByMember: [MemberID: [DatabaseCall]] = [:]
  private let transactional: [DatabaseCall]

  init(uses: [FoundTableUse], calls: [DatabaseCall]) {
    for use in uses where !use.use.inTransaction {
      if let member = use.member { usesByMember[member, default: []].append(use) }
    }
    for call in calls {
      if let caller = call.caller { callsByMember[caller, default: []].append(call) }
    }
    transactional = calls.filter(\.inTransaction)
  }

  /// Uses in called functions, told as uses of the function that opened the transaction, at the
  /// place of its call.
  func derivedUses() -> [TableUse] {
    transactional.flatMap { call in
      var reached: Set<MemberID> = []
      collect(call.callee, depth: 0, into: &reached)
      var derived: [TableUse] = []
      for member in reached.sorted(by: { $0.index < $1.index }) {
        for found in usesByMember[member] ?? [] where found.use.access != .maps {
          var use = found.use
          use.function = call.function
          use.inTransaction = true
          use.position = call.position
          if !derived.contains(use) { derived.append(use) }
        }
      }
      return derived
    }
  }

  private func collect(_ member: MemberID, depth: Int, into reached: inout Set<MemberID>) {
    guard depth < Self.callDepth, reached.insert(member).inserted else { return }
    for call in callsByMember[member] ?? [] where !call.inTransaction {
      collect(call.callee, depth: depth + 1, into: &reached)
    }
  }
}
