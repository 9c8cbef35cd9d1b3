// SPDX-License-Identifier: Apache-2.0

import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("Endpoints from SRV records", .timeLimit(.minutes(1)))
struct DNSServicesTests {
  private typealias Record = NameServerUnderTest.Record

  private let clock = ManualCallClock()
  private let registry = ServiceRegistry()
  private var entry: ServiceEntry { registry["orders"] }

  private func source(_ servers: String...) -> DNSServices {
    DNSServices(
      ["orders": .init("_orders._tcp.internal")], registry: registry, servers: servers,
      clock: clock)
  }

  /// Runs a source meanwhile.
  private func running(
    _ source: DNSServices, _ body: () async throws -> Void
  ) async rethrows {
    let task = Task { await source.run() }
    defer { task.cancel() }
    try await body()
  }

  private var hosts: [String] { entry.endpoints.map(\.description) }

  @Test("Each record is an endpoint, and is looked up again when it is too old")
  func records() async throws {
    let server = try await NameServerUnderTest(
      .answers(
        [Record(port: 81, target: "b.internal"), Record(port: 80, target: "a.internal")],
        seconds: 60))
    await running(source(server.address)) {
      await clock.sleeper(until: 1_060_000...1_060_000)
      #expect(hosts == ["http://a.internal:80", "http://b.internal:81"])
      server.behaviour.change {
        $0 = .answers([Record(port: 80, target: "c.internal")], seconds: 0)
      }
      clock.advance(milliseconds: 60_000)
      // Five seconds at least.
      await clock.sleeper(until: 1_065_000...1_065_000)
      #expect(hosts == ["http://c.internal:80"])
      server.behaviour.change {
        $0 = .answers([Record(port: 80, target: "d.internal")], seconds: 86_400)
      }
      clock.advance(milliseconds: 5_000)
      // Five minutes at most.
      await clock.sleeper(until: 1_365_000...1_365_000)
      #expect(hosts == ["http://d.internal:80"])
      #expect(server.datagrams.count == 3 && server.streams.count == 0)
    }
  }

  @Test("An answer that is cut off is asked for over TCP")
  func truncation() async throws {
    // More than a datagram holds.
    let records = (0..<200).map { Record(port: 80, target: "instance-\($0).orders.internal") }
    let server = try await NameServerUnderTest(.cutsOff(records, seconds: 60))
    await running(source(server.address)) {
      await clock.sleeper(until: 1_060_000...1_060_000)
      #expect(hosts.count == 200)
      #expect(server.datagrams.count == 1 && server.streams.count == 1)
    }
  }

  @Test("Priorities and weights come with the records")
  func ranks() async throws {
    let server = try await NameServerUnderTest(
      .answers(
        [
          Record(priority: 20, weight: 0, port: 80, target: "spare.internal"),
          Record(priority: 10, weight: 5, port: 80, target: "a.internal"),
        ], seconds: 60))
    await running(source(server.address)) {
      await clock.sleeper(until: 1_060_000...1_060_000)
      #expect(
        entry.changes(since: 0)?.endpoints == [
          RankedEndpoint(ServiceEndpoint(host: "a.internal", port: 80), priority: 10, weight: 5),
          RankedEndpoint(
            ServiceEndpoint(host: "spare.internal", port: 80), priority: 20, weight: 0),
        ])
    }
  }

  @Test("A target of \".\" says that there is none; whatever goes wrong takes nobody away")
  func nobody() async throws {
    let server = try await NameServerUnderTest(
      .answers([Record(port: 80, target: "a.internal")], seconds: 10))
    await running(source(server.address)) {
      await clock.sleeper(until: 1_010_000...1_010_000)
      var now: UInt64 = 1_010_000
      let troubles: [NameServerUnderTest.Behaviour] = [
        .refuses(3), .refuses(2), .answers([], seconds: 9),
      ]
      for behaviour in troubles {
        server.behaviour.change { $0 = behaviour }
        clock.advance(milliseconds: now == 1_010_000 ? 10_000 : 5_000)
        now = clock.now()
        await clock.sleeper(until: now + 5_000...now + 5_000)
        #expect(hosts == ["http://a.internal:80"])
      }
      server.behaviour.change { $0 = .answers([Record(port: 0, target: "")], seconds: 60) }
      clock.advance(milliseconds: 5_000)
      await clock.sleeper(until: now + 65_000...now + 65_000)
      #expect(hosts == [])
    }
  }

  @Test("A server that says nothing is passed over in time, and so is what somebody else says")
  func others() async throws {
    let silent = try await NameServerUnderTest(.isSilent)
    let server = try await NameServerUnderTest(
      .isSpoofed([Record(port: 80, target: "a.internal")], seconds: 60))
    await running(source(silent.address, server.address)) {
      await clock.sleeper(until: 1_002_000...1_002_000)
      await silent.datagrams.has(1)
      clock.advance(milliseconds: 2_000)
      await clock.sleeper(until: 1_062_000...1_062_000)
      #expect(hosts == ["http://a.internal:80"])
    }
  }
}
