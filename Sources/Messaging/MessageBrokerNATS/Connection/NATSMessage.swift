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
    var subject: String
    var deadline: Int64
  }

  private var entries: [UInt64: Entry] = [:]
  private var next: UInt64 = 0

  var count: Int { entries.count }

  /// A number for somebody who will wait.
  mutating func reserve() -> UInt64 { reserve(1) }

  /// Numbers that follow each other, for as many who will wait.
  ///
  /// - Returns: the first of them.
  mutating func reserve(_ count: Int) -> UInt64 {
    defer { next += UInt64(count) }
    return next + 1
  }

  /// - Parameters:
  ///   - subject: what was asked.
  ///   - deadline: on the caller's clock, in milliseconds.
  mutating func add(
    _ waiter: Waiter, as token: UInt64, about subject: String, until deadline: Int64
  ) {
    entries[token] = Entry(waiter: waiter, subject: subject, deadline: deadline)
  }

  mutating func take(_ token: UInt64) -> Waiter? { entries.removeValue(forKey: token)?.waiter }

  /// Those whose time has passed.
  mutating func takeOverdue(at now: Int64) -> [Waiter] {
    takeAll { $0.deadline <= now }
  }

  /// Those who asked something that will not be answered.
  mutating func takeAll(about subject: String) -> [Waiter] {
    takeAll { $0.subject == subject }
  }

  /// Those of them who still wait.
  mutating func take(_ tokens: Range<UInt64>) -> [Waiter] { tokens.compactMap { take($0) } }

  private mutating func takeAll(where isMeant: (Entry) -> Bool) -> [Waiter] {
    let meant = entries.filter { isMeant($0.value) }
    for token in meant.keys { entries[token] = nil }
    return meant.values.map(\.waiter)
  }

  mutating func takeAll() -> [Waiter] {
    defer { entries = [:] }
    return entries.values.map(\.waiter)
  }
}
