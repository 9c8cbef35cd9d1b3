// SPDX-License-Identifier: Apache-2.0

/// What was sent on a channel and not confirmed, by the number that both sides count: the first
/// message is 1, and every message counts.
package struct UnconfirmedMessages {
  package struct Entry: Equatable {
    /// Who waits for it.
    package var token: UInt64
    /// Id of the message.
    package var id: String
    /// Bytes of its payload.
    package var size: Int
    /// On the caller's clock, in milliseconds.
    package var deadline: Int64
    /// Why no queue took it.
    package var returned: String?

    package init(token: UInt64, id: String, size: Int, deadline: Int64) {
      self.token = token
      self.id = id
      self.size = size
      self.deadline = deadline
    }
  }

  private var entries: [UInt64: Entry] = [:]
  /// All below are settled.
  private var lowest: UInt64 = 1
  private var next: UInt64 = 1

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  package mutating func sent(_ entry: Entry) {
    entries[next] = entry
    next += 1
  }

  /// The server gave a message back; its confirmation follows. Of several with that id it is the
  /// first.
  package mutating func returned(id: String, because reason: String) {
    let tag = entries.filter { $0.value.id == id && $0.value.returned == nil }.keys.min()
    if let tag { entries[tag]?.returned = reason }
  }

  /// The server has settled a message, or all up to it.
  package mutating func settled(_ tag: UInt64, andAllBefore: Bool) -> [Entry] {
    guard andAllBefore else {
      defer { advance() }
      return entries.removeValue(forKey: tag).map { [$0] } ?? []
    }
    // In AMQP, 0 with `multiple` stands for all.
    let last = tag == 0 ? next - 1 : min(tag, next - 1)
    var settled: [Entry] = []
    while lowest <= last {
      if let entry = entries.removeValue(forKey: lowest) { settled.append(entry) }
      lowest += 1
    }
    return settled
  }

  /// Those whose time has passed; a confirmation that still comes finds nobody.
  package mutating func takeOverdue(at now: Int64) -> [Entry] {
    advance()
    // All wait equally long, so the first that is not due ends it.
    var overdue: [Entry] = []
    while lowest < next, let entry = entries[lowest], entry.deadline <= now {
      entries[lowest] = nil
      overdue.append(entry)
      advance()
    }
    return overdue
  }

  package mutating func takeAll() -> [Entry] {
    defer {
      entries = [:]
      lowest = next
    }
    return entries.sorted { $0.key < $1.key }.map(\.value)
  }

  private mutating func advance() {
    while lowest < next, entries[lowest] == nil { lowest += 1 }
  }
}
