// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@testable import ControlPlane

/// The stream of states.
@Suite(.timeLimit(.minutes(1))) struct ConsoleFeedTests {
  private static func feed(_ harness: AdminHarness) -> ConsoleFeed {
    ConsoleFeed(
      ConsoleSources(
        routing: harness.routing, counters: harness.counters, readiness: harness.readiness,
        upstreams: harness.upstreams, shadows: harness.shadows, cutovers: nil, data: harness.data,
        hasSagas: false, hasEvidence: false, unixMilliseconds: { 1_795_435_200_250 }))
  }

  private struct State: Decodable {
    struct Route: Decodable {
      let name: String
      let percent: Double?
    }

    let routes: [Route]
  }

  private static func percent(_ json: String?) throws -> Double? {
    try JSONDecoder().decode(State.self, from: Data(try #require(json).utf8)).routes[0].percent
  }

  @Test func whoListensGetsTheStateOfNowAndThenEachChange() async throws {
    let harness = try AdminHarness()
    let feed = Self.feed(harness)
    let listener = try #require(await feed.listen())
    var states = listener.states.makeAsyncIterator()
    #expect(try Self.percent(await states.next()) == 5)
    // The first look is a change of its own: the traffic begins.
    await feed.turn()
    _ = await states.next()
    try harness.routing.setPercent(
      route: "orders", to: try #require(Percentage(parsing: "25")), actor: "ann", reason: "x",
      unixMilliseconds: 0)
    await feed.turn()
    #expect(try Self.percent(await states.next()) == 25)
  }

  /// Of the tables it tells once somebody has looked at them: it opens no store by itself.
  @Test func itTellsHowMuchIsLeft() async throws {
    struct Left: Decodable {
      struct Count: Decodable {
        let unit: String
        let extracted: Double
        let total: Double
      }

      struct Measure: Decodable {
        let name: String
        let counts: [Count]
      }

      let hasData: Bool
      let left: [Measure]
    }

    func left(_ feed: ConsoleFeed) async throws -> Left {
      var states = try #require(await feed.listen()).states.makeAsyncIterator()
      return try JSONDecoder().decode(
        Left.self, from: Data(try #require(await states.next()).utf8))
    }

    var harness = try AdminHarness()
    #expect(try await left(Self.feed(harness)).hasData == false)
    let office = DataOffice(StillMover(), unixMilliseconds: { 0 })
    harness.data = office
    let feed = Self.feed(harness)
    let before = try await left(feed)
    #expect(before.hasData && before.left.map(\.name) == ["routes", "traffic"])
    let users = try #require(before.left[0].counts.last)
    #expect(users.unit == "routes by their users" && users.extracted == 0.05 && users.total == 2)
    _ = try await office.overview()
    let after = try await left(feed)
    #expect(after.left.map(\.name) == ["routes", "traffic", "tables"])
    #expect(after.left[2].counts.map(\.total) == [1])
  }

  @Test func whoReadsSlowlyGetsTheNewestStateOnly() async throws {
    let harness = try AdminHarness()
    let feed = Self.feed(harness)
    let listener = try #require(await feed.listen())
    for percent in ["10", "20", "30"] {
      try harness.routing.setPercent(
        route: "orders", to: try #require(Percentage(parsing: percent)), actor: "ann",
        reason: "x", unixMilliseconds: 0)
      await feed.turn()
    }
    var states = listener.states.makeAsyncIterator()
    #expect(try Self.percent(await states.next()) == 30)
  }

  @Test func whoReadsNothingLosesItsPlaceAndWhoReadsKeepsIt() async throws {
    let harness = try AdminHarness()
    let feed = Self.feed(harness)
    let stalled = try #require(await feed.listen())
    let reading = try #require(await feed.listen())
    var states = reading.states.makeAsyncIterator()
    _ = await states.next()
    for turn in 1...ConsoleFeed.maximumMissed {
      #expect(await feed.listenerCount == 2)
      try harness.routing.setPercent(
        route: "orders", to: try #require(Percentage(parsing: "\(turn)")), actor: "ann",
        reason: "x", unixMilliseconds: 0)
      await feed.turn()
      #expect(try Self.percent(await states.next()) == Double(turn))
    }
    #expect(await feed.listenerCount == 1)
    // What it had not taken is still there, then its stream ends.
    var left = 0
    for await _ in stalled.states { left += 1 }
    #expect(left == 1)
  }

  @Test func thereIsRoomForSoManyAndForOthersOnceSomebodyLeft() async throws {
    let feed = Self.feed(try AdminHarness())
    var listeners: [ConsoleFeed.Listener] = []
    for _ in 0..<ConsoleFeed.maximumListeners {
      listeners.append(try #require(await feed.listen()))
    }
    #expect(await feed.listen() == nil)
    #expect(await !feed.hasRoom)
    await feed.leave(listeners[3])
    // Twice is once.
    await feed.leave(listeners[3])
    #expect(await feed.listen() != nil)
    #expect(await feed.listenerCount == ConsoleFeed.maximumListeners)
  }

  @Test func theEndOfTheFeedEndsItsListeners() async throws {
    let feed = Self.feed(try AdminHarness())
    let listener = try #require(await feed.listen())
    let running = Task { try await feed.run() }
    running.cancel()
    try await running.value
    for await _ in listener.states {}
    #expect(await feed.listenerCount == 0)
  }

  @Test func statesAreServerSentEventsAndAnOpenStreamDoesNotHoldTheServerUp() async throws {
    let (streams, opened) = AsyncStream.makeStream(of: OpenStream.self)
    // Ends by a graceful shutdown, which waits for the connections.
    try await AdminHarness().run { _, port in
      let stream = try await OpenStream("/console/events", port: port, until: "\n\n")
      #expect(stream.text.hasPrefix("HTTP/1.1 200 OK"))
      #expect(stream.text.lowercased().contains("content-type: text/event-stream"))
      #expect(stream.text.contains("event: state\ndata: {"))
      opened.yield(stream)
    }
    let stream = try #require(await streams.first { _ in true })
    try? await stream.channel.close()
  }

  @Test func anEventHasOneFieldForEachLine() {
    #expect(EventText.event("state", data: "{}") == "event: state\ndata: {}\n\n")
    #expect(EventText.event("x", data: "a\nb\r\nc") == "event: x\ndata: a\ndata: b\ndata: c\n\n")
  }
}
