// SPDX-License-Identifier: Apache-2.0

import ServiceLeases
import Testing

@Suite("What an instance does about its lease")
struct LeaseKeepingTests {
  @Test("It is renewed at about a third of its term, not by all at the same time")
  func third() {
    var times: Set<UInt64> = []
    for draw in 0..<10_000 as Range<UInt64> {
      var keeping = LeaseKeeping(term: 30)
      let next = keeping.answered(.taken, sent: 1_000, at: 1_200, draw: draw)
      #expect((10_000...12_000).contains(next))
      times.insert(next)
    }
    #expect(times.min() == 10_000 && times.max() == 12_000)
  }

  @Test("Two renewals may fail before the lease ends, and it is tried again soon")
  func failures() {
    var keeping = LeaseKeeping(term: 30)
    #expect(!keeping.isRegistered(at: 0))
    _ = keeping.answered(.taken, sent: 0, at: 0, draw: 0)
    #expect(keeping.isRegistered(at: 29_999) && !keeping.isRegistered(at: 30_000))
    var now: UInt64 = 9_000
    var pauses: [UInt64] = []
    for _ in 0..<7 {
      let next = keeping.answered(.failed, sent: now, at: now, draw: .max)
      pauses.append(next - now)
      now = next
    }
    #expect(pauses.first.map { (125...250).contains($0) } == true)
    #expect(pauses.allSatisfy { $0 <= LeaseKeeping.longestPause })
    #expect(pauses.last.map { $0 >= 2_500 } == true)
    _ = keeping.answered(.taken, sent: now, at: now, draw: 0)
    #expect(keeping.isRegistered(at: now + 29_999))
    let next = keeping.answered(.failed, sent: now, at: now, draw: 0)
    #expect((125...250).contains(next - now))
  }

  @Test("A registry that does not want it is asked again, and it counts as not there meanwhile")
  func refusal() {
    var keeping = LeaseKeeping(term: 5)
    _ = keeping.answered(.taken, sent: 0, at: 0, draw: 0)
    var now: UInt64 = 1_000
    for _ in 0..<20 {
      let next = keeping.answered(.refused, sent: now, at: now, draw: .max)
      #expect(!keeping.isRegistered(at: now))
      // A third of the term is long enough.
      #expect(next - now <= 1_666)
      now = next
    }
  }
}

@Suite("What a registry says")
struct RegistryListingTests {
  private func listing(_ isComplete: Bool, _ instances: [String: [String]]) -> RegistryListing {
    RegistryListing(
      isComplete: isComplete,
      services: instances.map { name, endpoints in
        .init(
          name: name,
          instances: endpoints.map {
            .init(name: $0, endpoint: $0, lease: 30, endsInMilliseconds: 1)
          })
      })
  }

  @Test("It holds where it is complete, and takes nobody away where it is not")
  func merging() {
    let known = ["orders": ["a", "b"], "stock": ["c"]]
    #expect(listing(true, ["orders": ["b"]]).endpoints(after: known) == ["orders": ["b"]])
    #expect(
      listing(false, ["orders": ["b", "d"]]).endpoints(after: known)
        == ["orders": ["b", "d", "a"], "stock": ["c"]])
    #expect(listing(false, [:]).endpoints(after: known) == known)
  }

  @Test("Services and instances are listed by name, with the time that is left")
  func table() throws {
    var table = LeaseTable()
    for (service, instance) in [("stock", "x"), ("orders", "b"), ("orders", "a")] {
      let name = try #require(InstanceName(service: service, instance: instance))
      try table.renew(name, at: #require(InstanceAddress("10.0.0.1:80")), term: 10, now: 0)
    }
    let listing = RegistryListing(table, isComplete: true, at: 4_000)
    #expect(listing.services.map(\.name) == ["orders", "stock"])
    #expect(listing.services[0].instances.map(\.name) == ["a", "b"])
    #expect(listing.services[0].instances[0].endsInMilliseconds == 6_000)
  }
}
