// SPDX-License-Identifier: Apache-2.0

import ServiceLeases
import Testing

@Suite("Leases")
struct LeaseTableTests {
  private let one = InstanceName(service: "orders", instance: "one")!
  private let two = InstanceName(service: "orders", instance: "two")!
  private let first = InstanceAddress("10.0.0.1:80")!
  private let second = InstanceAddress("10.0.0.2:80")!

  /// Looks each second, as whoever keeps a table does.
  private func pass(
    _ table: inout LeaseTable, from start: UInt64, to end: UInt64
  ) -> [InstanceName] {
    stride(from: start, through: end, by: 1_000).flatMap { table.advance(to: $0) }
  }

  @Test("A lease ends when its time is over, and not while it is renewed")
  func ends() throws {
    var table = LeaseTable()
    let news = [
      try table.renew(one, at: first, term: 10, now: 0),
      try table.renew(two, at: second, term: 10, now: 0),
    ]
    #expect(news == [true, true])
    var ended = pass(&table, from: 0, to: 5_000)
    #expect(ended == [])
    let isNews = try table.renew(two, at: second, term: 10, now: 5_500)
    #expect(!isNews)
    ended = pass(&table, from: 6_000, to: 9_000)
    #expect(ended == [] && table.addresses(of: "orders") == [first, second])
    ended = table.advance(to: 10_000)
    #expect(ended == [one] && table.addresses == ["orders": [second]])
    ended = pass(&table, from: 11_000, to: 15_000)
    #expect(ended == [])
    ended = table.advance(to: 15_500)
    #expect(ended == [two])
    #expect(table.addresses.isEmpty)
  }

  @Test("An instance that says another address is there from then on")
  func moves() throws {
    var table = LeaseTable()
    try table.renew(one, at: first, term: 10, now: 0)
    let isNews = try table.renew(one, at: second, term: 10, now: 1)
    #expect(isNews && table.addresses(of: "orders") == [second])
    let removals = [table.remove(one), table.remove(one)]
    #expect(removals == [true, false] && table.addresses(of: "orders") == [])
  }

  @Test("Time in which nobody looked counts for no lease")
  func silence() throws {
    var table = LeaseTable()
    table.advance(to: 0)
    try table.renew(one, at: first, term: 5, now: 0)
    // The process stood still for a minute.
    var ended = pass(&table, from: 60_000, to: 64_000)
    #expect(ended == [])
    ended = table.advance(to: 65_000)
    #expect(ended == [one])
  }

  @Test("There is a limit of instances of a service, and of all; who is there may stay")
  func bounds() throws {
    var table = LeaseTable()
    for number in 0..<LeaseTable.instances {
      let service = "s\(number / LeaseTable.instancesOfService)"
      let name = try #require(InstanceName(service: service, instance: "\(number)"))
      try table.renew(name, at: first, term: 30, now: 0)
    }
    let more = try #require(InstanceName(service: "s0", instance: "more"))
    let refusals = [refusal(of: one, by: &table), refusal(of: more, by: &table)]
    #expect(refusals == [.isFull, .serviceIsFull])
    let known = try #require(InstanceName(service: "s0", instance: "0"))
    let isNews = try table.renew(known, at: first, term: 30, now: 1)
    #expect(!isNews)
    table.remove(known)
    try table.renew(more, at: first, term: 30, now: 1)
    #expect(table.leases.count == LeaseTable.instances)
  }

  private func refusal(
    of name: InstanceName, by table: inout LeaseTable
  ) -> LeaseTable.Refusal? {
    do {
      try table.renew(name, at: first, term: 30, now: 1)
      return nil
    } catch {
      return error
    }
  }

  @Test("The listing is complete once everybody had the time to say that they live")
  func completeness() {
    var table = LeaseTable()
    #expect(!table.isComplete(at: 0))
    _ = pass(&table, from: 0, to: 299_000)
    #expect(!table.isComplete(at: 299_000))
    table.advance(to: 300_000)
    #expect(table.isComplete(at: 300_000))
    // Nobody looked for a while.
    #expect(!table.isComplete(at: 303_000))
    table.advance(to: 303_000)
    #expect(!table.isComplete(at: 303_000))
    _ = pass(&table, from: 304_000, to: 603_000)
    #expect(table.isComplete(at: 603_000))
  }
}

@Suite("Leases that proxies share")
struct SharedLeaseTests {
  private let one = InstanceName(service: "orders", instance: "one")!
  private let two = InstanceName(service: "orders", instance: "two")!
  private let first = InstanceAddress("10.0.0.1:80")!
  private let second = InstanceAddress("10.0.0.2:80")!

  private func row(_ name: InstanceName, age: UInt64, term: Int = 10) -> StoredLease {
    StoredLease(name, at: name == one ? first : second, term: term, age: age)
  }

  @Test("What the store says is so: who is there, and for how long")
  func follows() {
    var table = LeaseTable()
    var taken = table.take([row(one, age: 0), row(two, age: 9_500)], at: 1_000)
    #expect(taken == LeaseTable.Taken())
    #expect(table.addresses(of: "orders") == [first, second])
    taken = table.take([row(one, age: 1_000), row(two, age: 10_500)], at: 2_000)
    #expect(taken.ended == [two])
    // It is removed from the store, too.
    #expect(taken.stale == [row(two, age: 10_500)])
    #expect(table.addresses(of: "orders") == [first])
    _ = table.take([], at: 3_000)
    #expect(table.addresses.isEmpty)
  }

  @Test("An outage of the store takes nobody away, however long it was")
  func outage() {
    var table = LeaseTable()
    _ = table.take([row(one, age: 0), row(two, age: 0)], at: 0)
    // An hour later both are known, and could not renew.
    let hour: UInt64 = 3_600_000
    var taken = table.take([row(one, age: hour), row(two, age: hour)], at: hour)
    #expect(taken == LeaseTable.Taken())
    #expect(table.addresses(of: "orders") == [first, second])
    // One of them lives.
    for second in 1...9 as ClosedRange<UInt64> {
      let now = hour + second * 1_000
      taken = table.take([row(one, age: 500), row(two, age: now)], at: now)
      #expect(taken == LeaseTable.Taken())
    }
    taken = table.take([row(one, age: 500), row(two, age: hour + 10_000)], at: hour + 10_000)
    #expect(taken.ended == [two] && taken.stale.map(\.name) == [two])
    #expect(table.addresses(of: "orders") == [first])
  }

  @Test("One that never heard of an instance believes its age, and leaves it to others at first")
  func strangers() {
    var table = LeaseTable()
    let old = row(one, age: 60_000)
    for second in 0..<300 as Range<UInt64> {
      let taken = table.take([old], at: second * 1_000)
      #expect(taken == LeaseTable.Taken() && table.addresses.isEmpty)
    }
    let taken = table.take([old], at: 300_000)
    #expect(taken.stale == [old])
  }

  @Test("A renewal that was said here reaches further than what was read before it")
  func renewedHere() throws {
    var table = LeaseTable()
    _ = table.take([row(one, age: 9_000)], at: 0)
    try table.renew(one, at: first, term: 10, now: 500)
    let taken = table.take([row(one, age: 10_000)], at: 1_000)
    #expect(taken == LeaseTable.Taken() && table.leases[one]?.end == 10_500)
  }
}
