// SPDX-License-Identifier: Apache-2.0

/// Changes as they are found. Those of one place are one, whichever operations they concern.
struct APIChanges {
  private struct Key: Hashable {
    let rule: String
    let side: APIChange.Side
    let pointer: String
    let message: String
    let isAccepted: Bool
  }

  private let accepted: [AcceptedChange]
  private var places: [Key: Int] = [:]
  private(set) var all: [APIChange] = []

  init(accepted: [AcceptedChange]) { self.accepted = accepted }

  /// Adds what was found in one operation, or in none; operations come one after the other.
  mutating func add(_ change: APIChange) {
    var change = change
    change.isAccepted = accepted.contains { one in
      one.rule == change.rule && (one.operation.map { change.operations == [$0] } ?? true)
    }
    let key = Key(
      rule: change.rule, side: change.side, pointer: change.pointer, message: change.message,
      isAccepted: change.isAccepted)
    guard let place = places[key] else {
      places[key] = all.count
      return all.append(change)
    }
    if let operation = change.operations.first, all[place].operations.last != operation {
      all[place].operations.append(operation)
    }
  }
}
