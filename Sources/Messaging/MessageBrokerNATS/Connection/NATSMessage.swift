// SPDX-License-Identifier: Apache-2.0

/// A message of NATS: what is sent, and what came.
package struct NATSMessage: Sendable, Equatable {
  package var subject: String
  /// Where an answer goes.
  package var reply: String?
  /// Names keep their case; a name stands once.
  package var headers: [String: String]
  package var payload: [UInt8]

  package init(
    _ subject: String, reply: String? = nil, headers: [String: String] = [:],
    payload: [UInt8] = []
  ) {
    self.subject = subject
    self.reply = reply
    self.headers = headers
    self.payload = payload
  }

  /// What the server says in place of a message, such as 503: nobody listens on that subject.
  package var status: Int? { headers["Status"].flatMap { Int($0) } }
}

/// Who waits for an answer, by the last part of the subject that the answer comes to.
struct PendingReplies<Waiter> {
  private struct Entry {
    var waiter: Waiter
    var deadline: Int64
  }

  private var entries: [UInt64: Entry] = [:]
  private var next: UInt64 = 0

  var count: Int { entries.count }

  /// A number for somebody who will wait.
  mutating func reserve() -> UInt64 {
    next += 1
    return next
  }

  /// - Parameter deadline: on the caller's clock, in milliseconds.
  mutating func add(_ waiter: Waiter, as token: UInt64, until deadline: Int64) {
    entries[token] = Entry(waiter: waiter, deadline: deadline)
  }

  mutating func take(_ token: UInt64) -> Waiter? { entries.removeValue(forKey: token)?.waiter }

  /// Those whose time has passed.
  mutating func takeOverdue(at now: Int64) -> [Waiter] {
    let overdue = entries.filter { $0.value.deadline <= now }
    for token in overdue.keys { entries[token] = nil }
    return overdue.values.map(\.waiter)
  }

  mutating func takeAll() -> [Waiter] {
    defer { entries = [:] }
    return entries.values.map(\.waiter)
  }
}
