// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import RoutingDecisions
import Synchronization
import Testing

@testable import ProxyDataPlane

@Suite("Restarts and reloads under a cutover", .timeLimit(.minutes(3)))
struct CutoverRestartTests {
  private static let ann = CutoverScenario.ann

  @Test("A restart goes on where the journal ends, with what the gates had seen")
  func restart() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.traffic.rates.withLock { $0.extractedFailures = 0 }
    await bench.seconds(90)
    let before = try #require(await bench.runner.status(of: "orders"))
    let later = try await CutoverBench(journal: bench.journal, at: CutoverBench.noon + 95_000)
    #expect(later.percent() == 10)
    let after = try #require(await later.runner.status(of: "orders"))
    #expect(after.phase == .underWay && after.stage == 1)
    // Written each minute, and with whatever happens.
    #expect(before.soakedSeconds == 90 && (60...90).contains(after.soakedSeconds))
    later.traffic.rates.withLock { $0.extractedFailures = 50 }
    #expect(await later.seconds(until: { $0.percent() == 0 }, limit: 60) != nil)
  }

  @Test("Live shares outlive a restart, an edited file does not lose against them")
  func files() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(4_000), by: Self.ann)
    try await bench.runner.start("orders", by: Self.ann)
    let same = try await CutoverBench(journal: bench.journal)
    #expect(same.percent("search") == 40 && same.percent() == 10)
    let edited = try await CutoverBench(
      CutoverScenario.configuration(ordersInFile: 2), journal: bench.journal)
    #expect(edited.percent("search") == 40)
    #expect(edited.percent() == 2)
    #expect(await edited.runner.status(of: "orders")?.phase == .ended)
    #expect(bench.journal.all.last?.record.actor == "configuration file")
  }

  @Test("A cutover under way goes on with the plan it started with")
  func otherPlan() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    var plan = CutoverScenario.orders()
    plan.stages.removeLast()
    let later = try await CutoverBench(
      CutoverScenario.configuration(plans: [plan]), journal: bench.journal)
    let status = try #require(await later.runner.status(of: "orders"))
    #expect(status.stages.count == 3 && status.isOutdated)
    let gone = try await CutoverBench(
      CutoverScenario.configuration(plans: []), journal: bench.journal)
    #expect(await gone.runner.status(of: "orders")?.phase == .underWay)
  }

  @Test("A reload is taken up, written down, and takes back what lost a route")
  func reload() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    let routing = bench.routing
    let table = try RoutingTable(
      CutoverScenario.configuration(plans: [CutoverScenario.orders()], drops: ["checkout"]))
    _ = try await bench.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    #expect(bench.percent("cart") == 0)
    #expect(
      bench.told.suffix(2) == [
        "configuration file: configuration read",
        "cutover: the route checkout can no longer be moved",
      ])
  }

  @Test("Under a freeze a reload raises nobody, says so, and is taken up when it is over")
  func frozenReload() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.freeze(true, by: Self.ann)
    var file = CutoverScenario.configuration(ordersInFile: 20)
    file.routes[3].percent = .hundredths(100)
    let (routing, table) = (bench.routing, try RoutingTable(file))
    let change = try await bench.runner.reload(cause: "SIGHUP") {
      routing.replace(with: table, unixMilliseconds: 1)
    }
    #expect(bench.percent() == 0 && bench.percent("search") == 1)
    #expect(
      change.items.filter { $0.kind == .kept }.map(\.text) == [
        "stays at 0 % while everything is frozen; the 20 % of the file are taken up when it no "
          + "longer is"
      ])
    #expect(
      bench.told.last
        == "configuration file: configuration read: SIGHUP: frozen, so orders to 20 % is taken up "
        + "when it no longer is")
    let later = try await CutoverBench(file, journal: bench.journal)
    #expect(later.percent() == 0 && later.percent("search") == 1)
    let held = await later.runner.overview().routes.filter { $0.heldPercent != nil }
    #expect(held.map(\.name) == ["orders"] && held.map(\.heldPercent) == [20])
    let moves = try await later.runner.freeze(false, by: Self.ann)
    #expect(later.percent() == 20)
    #expect(moves == [JournalRecord.Move(route: "orders", from: .zero, to: .hundredths(2_000))])
    #expect(await later.runner.overview().routes.allSatisfy { $0.heldPercent == nil })
    #expect(
      later.told.last
        == "configuration file: configuration read: no longer frozen by ann: past the gates of "
        + "\"orders\"")
  }

  @Test(
    "Another upstream in the file makes the stage begin anew, by a reload and by a restart",
    arguments: [true, false])
  func otherService(isReload: Bool) async throws {
    var bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    await bench.seconds(50)
    #expect(await bench.runner.status(of: "orders")?.soakedSeconds == 50)
    let other = Self.otherService()
    if isReload {
      let (routing, table) = (bench.routing, try RoutingTable(other))
      _ = try await bench.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    } else {
      bench = try await CutoverBench(other, journal: bench.journal)
    }
    await bench.seconds(1)
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(status.soakedSeconds == 1 && status.phase == .underWay && bench.percent() == 10)
    #expect(
      bench.told.last
        == "cutover: its routes are served or compared otherwise by the file: the stage begins "
        + "anew")
    // Once.
    let count = bench.journal.all.count
    await bench.seconds(5)
    #expect(bench.journal.all.count == count)
  }

  /// The configuration with another upstream behind the route `orders`.
  private static func otherService(port: Int = 9009) -> ProxyConfiguration {
    var other = CutoverScenario.configuration()
    other.upstreams[1] = UpstreamConfiguration(
      name: "shop", target: .network([NetworkAddress(host: "127.0.0.1", port: port)]))
    return other
  }

  @Test("No order that comes right behind a reload promotes by what the former service proved")
  func orderBehindReload() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let waited = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 1_000)
    #expect(waited != nil)
    let approval = await bench.nextStage()
    let (routing, table) = (bench.routing, try RoutingTable(Self.otherService()))
    _ = try await bench.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.approve(approval, of: "orders", by: Self.ann)
    }
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(bench.percent() == 10 && status.soakedSeconds == 0 && !status.isAwaitingApproval)
    // What was counted until the reload is the former one's.
    await bench.seconds(1)
    #expect(await bench.runner.status(of: "orders")?.judged == 0)
    await bench.seconds(3)
    #expect(await bench.runner.status(of: "orders")?.judged ?? 0 > 0)
    // Nor later, once the other service waits for its own approval.
    #expect(status.plan?.hasSuffix("-\(bench.journal.all.count)") == true)
    _ = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 1_000)
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.approve(approval, of: "orders", by: Self.ann)
    }
    try await bench.runner.approve(await bench.nextStage(), of: "orders", by: Self.ann)
    #expect(bench.percent() == 50)
  }

  @Test("A cutover of a journal that does not say how its routes were served is told it once")
  func servicesOfAFormerVersion() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let started = try #require(bench.journal.all.last)
    var (chain, record) = (JournalChain(after: started), started.record)
    record.moves = []
    record.state = record.state?.replacing(#/"services":\{[^}]*\},/#, with: "")
    #expect(record.state != started.record.state)
    try await bench.journal.append(try chain.append(record))
    let later = try await CutoverBench(journal: bench.journal)
    let count = bench.journal.all.count
    await later.seconds(5)
    #expect(bench.journal.all.count == count)
    let (routing, table) = (later.routing, try RoutingTable(Self.otherService()))
    _ = try await later.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    #expect(
      later.told.last
        == "cutover: its routes are served or compared otherwise by the file: the stage begins "
        + "anew")
    #expect(await later.runner.status(of: "orders")?.soakedSeconds == 0)
  }

  @Test("What another process took back or started stays so, whatever failed here meanwhile")
  func nothingOlderOverWhatWasRead() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let other = try await CutoverBench(journal: bench.journal)
    try await other.runner.rollBack("orders", by: Self.ann)
    let (routing, table) = (bench.routing, try RoutingTable(Self.otherService()))
    _ = try await bench.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    #expect(await bench.runner.status(of: "orders")?.phase == .rolledBack)
    #expect(bench.percent() == 0)
    let third = try await CutoverBench(journal: bench.journal)
    try await third.runner.start("orders", by: Self.ann)
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    #expect(await bench.runner.status(of: "orders")?.phase == .underWay)
    #expect(bench.percent() == 10)
  }

  @Test("What another process wrote is taken up before anything else is done")
  func conflict() async throws {
    let bench = try await CutoverBench()
    let other = try await CutoverBench(journal: bench.journal)
    try await other.runner.setShare(ofRoute: "search", to: .hundredths(5_000), by: Self.ann)
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    }
    #expect(bench.percent("search") == 50)
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    #expect(bench.percent("search") == 1)
  }

  @Test("A process that follows makes the moves of the one that leads, and writes nothing")
  func follows() async throws {
    let bench = try await CutoverBench()
    let follower = try CutoverBench(following: bench.journal)
    try await follower.runner.restore(leads: false)
    try await bench.runner.start("orders", by: Self.ann)
    let count = bench.journal.all.count
    try await follower.runner.restore(leads: false)
    #expect(follower.percent() == 10)
    await follower.seconds(120)
    await #expect(throws: CutoverRefusal.notLeading) {
      try await follower.runner.rollBack("orders", by: Self.ann)
    }
    #expect(bench.journal.all.count == count)
    try await follower.runner.restore(leads: true)
    #expect(await follower.runner.status(of: "orders")?.phase == .underWay)
  }

  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  @Test("An order that comes as soon as the older process has ended is carried out")
  func firstOrderAfterTheOlderProcess() async throws {
    let bench = try await CutoverBench()
    let follower = try CutoverBench(following: bench.journal)
    try await follower.runner.restore(leads: false)
    try await bench.runner.start("orders", by: Self.ann)
    let hasEnded = Flag()
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    let runner = follower.runner
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await runner.follow {
          ask.yield()
          return hasEnded.value.load(ordering: .relaxed)
        }
      }
      for await _ in asked.prefix(1) {}
      await #expect(throws: CutoverRefusal.notLeading) {
        try await runner.pause("orders", by: Self.ann)
      }
      hasEnded.value.store(true, ordering: .relaxed)
      // Long before it looks again by itself.
      await #expect(throws: Never.self) { try await runner.rollBack("orders", by: Self.ann) }
      #expect(follower.percent() == 0)
      let count = bench.journal.all.count
      await group.waitForAll()
      // It took over once.
      #expect(bench.journal.all.count == count)
    }
    #expect(await runner.status(of: "orders")?.phase == .rolledBack)
  }

  @Test("Who took over meanwhile is not put back to what the journal has, by a look that is late")
  func lateLook() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    await bench.seconds(50)
    try await bench.runner.restore(leads: false)
    #expect(await bench.runner.status(of: "orders")?.soakedSeconds == 50)
  }

  @Test("A process that follows takes the kill switch off again with the one that leads")
  func followsKillSwitch() async throws {
    let bench = try await CutoverBench()
    let follower = try CutoverBench(following: bench.journal)
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    try await follower.runner.restore(leads: false)
    #expect(follower.percent("search") == 0 && follower.routing.isKeptWithLegacy)
    try await bench.runner.setKillSwitch(false, by: Self.ann)
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(300), by: Self.ann)
    try await follower.runner.restore(leads: false)
    #expect(follower.percent("search") == 3 && !follower.routing.isKeptWithLegacy)
  }

  @Test("One that was taken back stays so under the kill switch, with what it was taken back for")
  func killSwitchAfterRollback() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.traffic.rates.withLock { $0.extractedFailures = 50 }
    #expect(await bench.seconds(until: { $0.percent() == 0 }, limit: 60) != nil)
    let before = try #require(await bench.runner.status(of: "orders"))
    #expect(before.phase == .rolledBack)
    try await bench.runner.start("basket", by: Self.ann)
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    for runner in [bench.runner, try await CutoverBench(journal: bench.journal).runner] {
      let after = try #require(await runner.status(of: "orders"))
      #expect(after.phase == .rolledBack && after.end == before.end)
      #expect(await runner.status(of: "basket")?.phase == .ended)
    }
  }

  @Test("A cutover whose state cannot be read is taken back once, and the journal says why")
  func unreadable() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let started = try #require(bench.journal.all.last)
    var chain = JournalChain(after: started)
    var record = started.record
    record.moves = []
    record.state = "{}"
    try await bench.journal.append(try chain.append(record))
    let later = try await CutoverBench(journal: bench.journal)
    #expect(later.percent() == 0)
    #expect(bench.journal.all.last?.record.evidence == "its state cannot be read")
    #expect(await later.runner.status(of: "orders")?.phase == .ended)
    let count = bench.journal.all.count
    let again = try await CutoverBench(journal: bench.journal)
    #expect(again.percent() == 0 && bench.journal.all.count == count)
  }
}
