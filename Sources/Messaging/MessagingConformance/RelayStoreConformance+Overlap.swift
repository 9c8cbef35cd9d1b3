// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// What a cursor on sequences gets wrong: transactions that end in another order than they began.
extension RelayStoreConformance {
  /// Goes over an outbox page by page, as a relay does.
  private struct Reader {
    let store: any RelayStore
    var cursor: RelayCursor

    /// The next page: aggregate and version of each event.
    mutating func read(_ limit: Int = 100) async throws -> [String] {
      let page = try await store.events(after: cursor, limit: PageLimit(events: limit))
      cursor = page.end(from: cursor)
      return page.events.map { "\($0.event.aggregateID) \($0.version)" }
    }

    mutating func expect(_ expected: [String], limit: Int = 100) async throws {
      let read = try await read(limit)
      try require(read == expected, "read \(read), not \(expected)")
    }
  }

  static func readsLateWhatCommitsLate(_ subject: RelayStoreUnderTest) async throws {
    guard let open = subject.open else { return }
    let start = try await acquire(subject, "a", now: 0, until: 100)
    var reader = Reader(store: subject.store, cursor: start.cursor)
    let slow = try await open([SampleEvents.event(1, aggregate: "slow")])
    _ = try await subject.append([SampleEvents.event(2, aggregate: "fast")])
    try await reader.expect(["fast 1"])
    try await reader.expect([])
    try await slow.commit([])
    try await reader.expect(["slow 1"])
    try await reader.expect([])
  }

  static func keepsTheOrderOfAggregates(_ subject: RelayStoreUnderTest) async throws {
    guard let open = subject.open else { return }
    let start = try await acquire(subject, "a", now: 0, until: 100)
    var reader = Reader(store: subject.store, cursor: start.cursor)
    let early = try await open([SampleEvents.event(9, aggregate: "other")])
    _ = try await subject.append([SampleEvents.event(1, aggregate: "a")])
    try await early.commit([SampleEvents.event(2, aggregate: "a")])
    try await reader.expect(["other 1", "a 1", "a 2"])
    try await reader.expect([])
  }

  static func savesLateEventsPartByPart(_ subject: RelayStoreUnderTest) async throws {
    guard let open = subject.open else { return }
    let start = try await acquire(subject, "a", now: 0, until: 100)
    var reader = Reader(store: subject.store, cursor: start.cursor)
    let slow = try await open((1...3).map { SampleEvents.event($0, aggregate: "slow") })
    _ = try await subject.append([SampleEvents.event(4, aggregate: "fast")])
    try await reader.expect(["fast 1"])
    try await slow.commit([])
    for part in 1...3 {
      try await subject.store.save(
        RelayProgress(lease: start.lease, leaseUntil: 100, cursor: reader.cursor))
      try await reader.expect(["slow \(part)"], limit: 1)
    }
    try await subject.store.save(
      RelayProgress(lease: start.lease, leaseUntil: 100, cursor: reader.cursor))
    let again = try await acquire(subject, "a", now: 1, until: 100)
    reader = Reader(store: subject.store, cursor: again.cursor)
    try await reader.expect([])
  }
}
