// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import RoutingDecisions
import ShadowComparison
import Synchronization
import Testing

@testable import ProxyDataPlane

@Suite("Shadow comparisons under a cutover", .timeLimit(.minutes(3)))
struct CutoverComparisonTests {
  /// Comparisons of `orders`, as many each second, and what people rule about them.
  private final class Comparisons: CutoverComparisons {
    let perSecond = Mutex(CompareCounts())
    /// What is in force, and what was seen of it.
    private let state = Mutex((inForce: [NoiseApproval]?.some([]), seen: NoiseRulings?.none))

    func take() -> [String: CompareCounts] { ["orders": perSecond.withLock(\.self)] }

    var rulings: NoiseRulings? { state.withLock(\.seen) }

    /// Somebody approves something of an endpoint, or takes it back.
    func rule(_ endpoint: String = "GET /orders/{id}", isNoise: Bool = true) {
      state.withLock { state in
        state.inForce?.removeAll { $0.endpoint == endpoint }
        if isNoise {
          state.inForce?.append(
            NoiseApproval(
              endpoint: endpoint, pathKind: PathKind(path: ResponsePath("total"), kind: .value),
              actor: "ann", reason: "rounded", approvedAt: 1))
        }
      }
    }

    /// The file cannot be read any more.
    func lose() { state.withLock { $0 = (nil, nil) } }

    /// It is there again, without an approval.
    func find() { state.withLock { $0 = ([], NoiseRulings([])) } }

    func see() { state.withLock { $0.seen = $0.inForce.map { NoiseRulings($0) } } }

    func lookUpRulings() async { see() }

    /// The same file, seen by another process.
    func restarted() -> Comparisons {
      let other = Comparisons()
      other.perSecond.withLock { $0 = perSecond.withLock(\.self) }
      other.state.withLock { $0.inForce = state.withLock(\.inForce) }
      return other
    }
  }

  private static func bench(
    _ comparisons: Comparisons?, freezes: [FreezeWindow] = []
  ) async throws -> CutoverBench {
    try await CutoverBench(configuration(freezes: freezes), comparisons: comparisons)
  }

  /// - Parameter ignored: where answers may differ.
  private static func configuration(
    freezes: [FreezeWindow] = [], ignored: [String] = [], asksApproval: Bool = false
  ) -> ProxyConfiguration {
    let plan = CutoverPlan(
      name: "orders", routes: ["orders"],
      stages: [
        CutoverStage(percent: .zero, soak: .seconds(60)),
        CutoverStage(
          percent: .hundredths(1_000), soak: .seconds(60), needsApproval: asksApproval),
      ], gates: CutoverGates(latency: [], mismatches: MismatchGateRules()),
      freezes: freezes)
    var configuration = CutoverScenario.configuration(plans: [plan])
    var shadow = ShadowConfiguration()
    shadow.rules.ignore = ignored.map { PathPattern($0) }
    for index in configuration.routes.indices where configuration.routes[index].name == "orders" {
      configuration.routes[index].shadow = shadow
    }
    return configuration
  }

  @Test(
    "What was proved by other rules of comparison is no proof, by a reload and by a restart",
    arguments: [true, false])
  func otherRules(isReload: Bool) async throws {
    let comparisons = Comparisons()
    var bench = try await Self.bench(comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 5) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(70)
    #expect(await bench.runner.status(of: "orders")?.judged ?? 0 > 100)
    let other = Self.configuration(ignored: ["total"])
    if isReload {
      let (routing, table) = (bench.routing, try RoutingTable(other))
      _ = try await bench.runner.reload { routing.replace(with: table, unixMilliseconds: 1) }
    } else {
      bench = try await CutoverBench(other, journal: bench.journal, comparisons: comparisons)
    }
    await bench.seconds(1)
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(status.judged <= 20 && status.soakedSeconds <= 1, "\(status.judged)")
    #expect(bench.told.last?.contains("served or compared otherwise") == true)
  }

  @Test(
    "A ruling that a killed process had seen, or had not, takes the proof away after a restart too",
    arguments: [true, false])
  func rulingThenKill(isSeen: Bool) async throws {
    let comparisons = Comparisons()
    comparisons.rule()
    let bench = try await Self.bench(comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 5) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(70)
    #expect(await bench.runner.status(of: "orders")?.judged ?? 0 > 100)
    comparisons.rule(isNoise: false)
    if isSeen {
      comparisons.see()
      await bench.seconds(1)
      #expect(await bench.runner.status(of: "orders")?.judged == 0)
    }
    let later = try await CutoverBench(
      Self.configuration(), journal: bench.journal, comparisons: comparisons.restarted())
    #expect(await later.runner.status(of: "orders")?.judged == 0)
    #expect(later.told.count { $0.contains("people ruled otherwise what is noise") } == 1)
    // One that finds what it knows begins nothing anew.
    await later.seconds(70)
    let last = try await CutoverBench(
      Self.configuration(), journal: bench.journal, comparisons: comparisons.restarted())
    #expect(await last.runner.status(of: "orders")?.judged ?? 0 > 100)
  }

  @Test("Nobody approves a stage by what was noise until a moment ago")
  func rulingThenApproval() async throws {
    let comparisons = Comparisons()
    comparisons.rule()
    let bench = try await CutoverBench(
      Self.configuration(asksApproval: true), comparisons: comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    let wait = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 600)
    #expect(wait != nil)
    comparisons.rule(isNoise: false)
    let next = await bench.nextStage()
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.approve(next, of: "orders", by: CutoverScenario.ann)
    }
    #expect(bench.percent() == 0)
    #expect(await bench.runner.status(of: "orders")?.judged == 0)
    let again = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 600)
    #expect(again != nil)
    try await bench.runner.approve(
      await bench.nextStage(), of: "orders", by: CutoverScenario.ann)
    #expect(bench.percent() == 10)
  }

  @Test("What was ruled about other routes, or is no proof any more, begins nothing anew")
  func rulingElsewhere() async throws {
    let comparisons = Comparisons()
    let bench = try await Self.bench(comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 5) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(70)
    comparisons.rule("GET /elsewhere")
    comparisons.see()
    await bench.seconds(1)
    #expect(await bench.runner.status(of: "orders")?.judged ?? 0 > 100)
    let later = try await CutoverBench(
      Self.configuration(), journal: bench.journal, comparisons: comparisons.restarted())
    #expect(await later.runner.status(of: "orders")?.judged ?? 0 > 100)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    #expect(await bench.seconds(until: { $0.percent() == 10 }, limit: 600) != nil)
    await bench.seconds(30)
    comparisons.rule()
    comparisons.see()
    await bench.seconds(1)
    #expect(await bench.runner.status(of: "orders")?.soakedSeconds ?? 0 > 20)
    #expect(!bench.told.contains { $0.contains("people ruled otherwise") })
  }

  @Test("While nobody can know what was ruled, nothing is promoted, approved or not")
  func rulingsUnknown() async throws {
    let comparisons = Comparisons()
    let bench = try await CutoverBench(
      Self.configuration(asksApproval: true), comparisons: comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    let wait = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 600)
    #expect(wait != nil)
    comparisons.lose()
    try await bench.runner.approve(await bench.nextStage(), of: "orders", by: CutoverScenario.ann)
    comparisons.perSecond.withLock { $0 = CompareCounts(undecided: 50) }
    await bench.seconds(100)
    #expect(bench.percent() == 0)
    #expect(await bench.runner.status(of: "orders")?.hold == "rulings-unknown")
    // What was approved noise meanwhile is no doubt later.
    comparisons.find()
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    #expect(await bench.seconds(until: { $0.percent() == 10 }, limit: 5) != nil)
  }

  @Test("Without anybody who compares, a stage at 0 % holds")
  func nobodyCompares() async throws {
    let bench = try await Self.bench(nil)
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(300)
    #expect(bench.percent() == 0)
    #expect(await bench.runner.status(of: "orders")?.hold == "extracted-silent")
  }

  @Test("Differences that nobody can ask about lead neither on nor back")
  func undecided() async throws {
    let comparisons = Comparisons()
    let bench = try await Self.bench(comparisons)
    // As with writes, of which only those that agree can be judged.
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 80, undecided: 20) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(1_200)
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(bench.percent() == 0 && status.stage == 1)
    #expect(status.hold == "undecided")
    #expect(status.holdText?.contains("shadow approve-noise") == true)
    #expect(!bench.told.contains { $0.contains("a gate fired") })
  }

  @Test("Once somebody said what is noise, the proof begins anew, whatever was open before")
  func rulings() async throws {
    let comparisons = Comparisons()
    let bench = try await Self.bench(comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(undecided: 50) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(600)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    await bench.seconds(600)
    #expect(bench.percent() == 0)
    comparisons.rule()
    comparisons.see()
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50, undecided: 50) }
    await bench.seconds(1)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    #expect(await bench.seconds(until: { $0.percent() == 10 }, limit: 600) != nil)
  }

  @Test("What a second compared counts, though what is decided in it cannot be written")
  func fullDisk() async throws {
    let comparisons = Comparisons()
    let noon = CutoverBench.noon / 1_000
    // With the window's end the first comparisons of the second promote, or would.
    let bench = try await Self.bench(comparisons, freezes: [.once(noon + 1..<noon + 70)])
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(69)
    #expect(await bench.runner.status(of: "orders")?.hold == "in-freeze-window")
    bench.journal.fill(true)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50, odd: .init(extracted: 6)) }
    await bench.seconds(1)
    #expect(await bench.runner.overview().journal.failure == "the disk is full")
    let gates = try #require(await bench.runner.status(of: "orders")?.gates)
    let gate = try #require(gates.first { $0.gate == "mismatches" })
    #expect(gate.extracted.requests == 70 * 50 && gate.extracted.bad == 6, "\(gate.text)")
    // The seconds behind it count as ever, and nothing twice.
    bench.journal.fill(false)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    await bench.seconds(1)
    let after = try #require(await bench.runner.status(of: "orders")?.gates)
    #expect(after.first { $0.gate == "mismatches" }?.extracted.requests == 71 * 50)
  }

  @Test("Answers that match lead on, answers that do not take the routes back")
  func compared() async throws {
    let comparisons = Comparisons()
    let bench = try await Self.bench(comparisons)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50) }
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    #expect(await bench.seconds(until: { $0.percent() == 10 }, limit: 600) != nil)
    comparisons.perSecond.withLock { $0 = CompareCounts(compared: 50, odd: .init(extracted: 5)) }
    #expect(await bench.seconds(until: { $0.percent() == 0 }, limit: 120) != nil)
    #expect(bench.told.last?.hasPrefix("cutover: a gate fired: orders: mismatches") == true)
  }
}
