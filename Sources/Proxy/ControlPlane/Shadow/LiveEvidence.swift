// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import ProxyDataPlane
internal import ServiceLifecycle
internal import ShadowComparison
internal import ShadowEvidenceStore
internal import Synchronization

/// Keeps what live shadows find, and writes it to the evidence file once a second.
///
/// The file is made when the first route compares. One that cannot be written costs evidence and
/// nothing else: findings of the process so far are kept, within the limits of evidence, and are
/// written once it can be.
///
/// All routes of the process are one run, until one of them gets another service, another legacy or
/// other rules of comparison: what the former did says nothing about the new one, and what was
/// found by former rules is no answer to the new ones, so a new run begins.
final class LiveEvidence: ShadowLedger, Service {
  private static let interval = Duration.seconds(1)
  /// Milliseconds between two times that old evidence is deleted. The file exceeds its limit of
  /// pairs by what may be written meanwhile: `EvidenceWriter.waitingPairs` a second at most. It
  /// exceeds its limit of bytes by one batch.
  static let pruneInterval: Int64 = 60_000
  /// Runs that have ended and wait to be written; what is known of further ones is given up.
  private static let mostClosing = 4

  fileprivate struct State {
    // Each route has a budget of re-asks of its own.
    var evidence = LiveEvidence.none
    /// Drops that were filed, by route.
    var filedDrops: [String: [DropReason: UInt64]] = [:]
    var output: Output?
    /// Runs that have ended, and whose last findings could not be written yet.
    var closing: [Output] = []
    /// Of all routes that belong to the run.
    var sides: [String: Sides] = [:]
    /// The file does not name all of them yet.
    var hasNewSides = false
    /// What people ruled to be noise; nil before the first look.
    var rulings: NoiseRulings?
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var prunedAt: Int64?
    var hasWarned = false
  }

  fileprivate struct Sides: Equatable, Sendable {
    let legacy: String
    let extracted: String
    /// Another service may stand behind the same names.
    let service: String

    init(_ route: ShadowSnapshot) {
      (legacy, extracted, service) = (route.legacy, route.extracted, route.service)
    }
  }

  fileprivate struct Output {
    let store: ShadowEvidenceStore
    let writer: EvidenceWriter
    let run: Int64
  }

  private static var none: ShadowEvidence { ShadowEvidence(limits: EvidenceLimits(reaskShare: 1)) }

  private let path: String
  private let shadows: ShadowMonitor
  private let retention: EvidenceRetention
  private let logger: Logger
  private let unixMilliseconds: @Sendable () -> Int64
  private let serving: @Sendable () async throws -> Void
  private let state = Mutex(State())
  /// Held from a look at the routes until its sides are taken up, so that an older look does not
  /// come after a newer one.
  private let sidesLine = Mutex<Void>(())
  /// A look that began earlier is taken up earlier.
  private let looks = ChangeLine()

  /// - Parameter serving: waits until the proxy serves, and throws when it never will: one that is
  ///   refused its address or its journal would leave a run in the file in which nothing is found.
  init(
    path: String, shadows: ShadowMonitor, retention: EvidenceRetention = EvidenceRetention(),
    logger: Logger, unixMilliseconds: @escaping @Sendable () -> Int64,
    serving: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.path = path
    self.shadows = shadows
    self.retention = retention
    self.logger = logger
    self.unixMilliseconds = unixMilliseconds
    self.serving = serving
    shadows.report(to: self)
  }

  /// The number of the run that this process writes now; nil while it writes none.
  var run: Int64? { state.withLock { $0.output?.run } }

  /// What people ruled to be noise, as far as it was seen; nil before the first look, and while it
  /// cannot be read.
  var rulings: NoiseRulings? { state.withLock(\.rulings) }

  // MARK: - From the lane

  func file(_ finding: ShadowFinding) -> FiledComparison {
    // Either its service is a former one, or a change came after the last turn.
    if !state.withLock({ $0.isServed(by: finding.service) }) { takeSides() }
    let (filed, writer, comparison) = state.withLock {
      state -> (FiledComparison, EvidenceWriter?, Comparison) in
      guard state.isServed(by: finding.service) else {
        let unfiled = FiledComparison(.unfiled, as: finding.comparison.outcome)
        return (unfiled, nil, finding.comparison)
      }
      let decision = state.evidence.record(
        finding.comparison, endpoint: finding.endpoint, times: finding.times,
        canAskAgain: finding.isSafe, hasBudget: finding.hasBudget, draw: .random(in: 0..<1))
      let filed = FiledComparison(
        decision, as: state.evidence.outcome(of: finding.comparison, endpoint: finding.endpoint))
      guard let writer = state.output?.writer,
        state.evidence.wantsPair(of: finding.comparison, endpoint: finding.endpoint)
      else { return (filed, nil, finding.comparison) }
      return (
        filed, writer, state.evidence.folded(finding.comparison, endpoint: finding.endpoint)
      )
    }
    writer?.submit(
      PairRecorder(rules: finding.rules).pair(
        endpoint: finding.endpoint, method: finding.method, target: finding.target,
        comparedAt: unixMilliseconds(), legacy: finding.legacy, extracted: finding.extracted,
        comparison: comparison))
    return filed
  }

  func file(
    _ triples: [PathKind: OddOneOut], endpoint: String, of service: ShadowedService
  ) -> FiledTriples? {
    state.withLock { state in
      guard state.isServed(by: service) else { return nil }
      return state.evidence.recordTriples(triples, endpoint: endpoint)
    }
  }

  // MARK: - To the file

  func run() async throws {
    let hasServed = try await cancelWhenGracefulShutdown {
      do { try await self.serving() } catch is CancellationError { return false }
      while !Task.isCancelled {
        await self.turn()
        try? await Task.sleep(for: Self.interval)
      }
      return true
    }
    guard hasServed else { return }
    // In a task of its own: in one that was cancelled, as after a failure, nothing is written.
    await Task { await self.finish() }.value
  }

  /// Writes whatever the proxy found until it had drained.
  private func finish() async {
    await turn()
    guard let output = state.withLock(\.output) else { return }
    try? await output.store.end(run: output.run, at: unixMilliseconds())
  }

  /// Writes what came since the last turn.
  func turn() async {
    let snapshot = takeSides()
    // What can be read counts, whether or not anything can be written.
    if state.withLock({ $0.rulings == nil || !$0.sides.isEmpty }) { await lookUpRulings() }
    do {
      try await writeClosed()
      try await nameSides()
      if state.withLock({ $0.output == nil }) { try await open() }
      fileDrops(snapshot)
      guard let output = state.withLock(\.output) else { return }
      state.withLock { output.writer.submit(&$0.evidence) }
      try await output.writer.flush()
      try await prune(output.store, run: output.run)
      state.withLock { $0.hasWarned = $0.hasWarned && $0.rulings == nil }
    } catch {
      warn(error)
    }
  }

  /// Ends the run when a route has other sides than it began with; a route that shadows from now
  /// on belongs to the run as well. All in one step, whether or not the file can be written: in
  /// between, findings of a former service would be taken for those of its successor.
  @discardableResult private func takeSides() -> [ShadowSnapshot] {
    sidesLine.withLock { _ in
      let snapshot = shadows.snapshot()
      takeSides(of: snapshot)
      return snapshot
    }
  }

  private func takeSides(of snapshot: [ShadowSnapshot]) {
    state.withLock { state in
      let isReplaced = snapshot.contains { route in
        state.sides[route.route].map { $0 != Sides(route) } ?? false
      }
      if isReplaced {
        if let output = state.output {
          output.writer.submit(&state.evidence)
          state.closing.append(output)
          state.closing = state.closing.suffix(Self.mostClosing)
        }
        state.evidence = state.evidence.anew()
        state.sides = [:]
        state.output = nil
      }
      for route in snapshot {
        if state.sides.updateValue(Sides(route), forKey: route.route) == nil {
          state.hasNewSides = true
        }
      }
    }
  }

  /// Writes the last of runs that have ended.
  private func writeClosed() async throws {
    while let output = state.withLock(\.closing.first) {
      try await output.writer.flush()
      try await output.store.end(run: output.run, at: unixMilliseconds())
      state.withLock { $0.closing.removeAll { $0.run == output.run } }
    }
  }

  /// Says in the file which sides the run has, once they are more than it began with.
  private func nameSides() async throws {
    let (output, sides) = state.withLock { state in
      (state.hasNewSides ? state.output : nil, Array(state.sides.values))
    }
    guard let output else { return }
    try await output.store.name(
      run: output.run, legacy: Self.names(sides, \.legacy),
      extracted: Self.names(sides, \.extracted))
    state.withLock { $0.hasNewSides = false }
  }

  private static func names(_ sides: [Sides], _ path: KeyPath<Sides, String>) -> String {
    Set(sides.map { $0[keyPath: path] }).sorted().joined(separator: ", ")
  }

  private func open() async throws {
    let sides = Array(state.withLock(\.sides).values)
    guard !sides.isEmpty else { return }
    let store = try ShadowEvidenceStore(path: path, creates: true)
    try await prune(store)
    let run = try await store.begin(
      .live, legacy: Self.names(sides, \.legacy), extracted: Self.names(sides, \.extracted),
      at: unixMilliseconds())
    let writer = EvidenceWriter(
      store: store, run: run, logger: logger, unixMilliseconds: unixMilliseconds)
    state.withLock { state in
      state.output = Output(store: store, writer: writer, run: run)
      state.hasNewSides = false
    }
    logger.info("shadow evidence", metadata: ["file": "\(path)", "run": "\(run)"])
  }

  /// - Parameter run: the one that goes on, which says so first.
  private func prune(_ store: ShadowEvidenceStore, run: Int64? = nil) async throws {
    let now = unixMilliseconds()
    // A clock that was set back makes it due as well.
    let isDue = state.withLock { state in
      state.prunedAt.map { abs(now - $0) >= Self.pruneInterval } ?? true
    }
    if !isDue {
      guard try await store.exceeds(retention) else { return }
    }
    if let run { try await store.touch(run: run, at: now) }
    try await store.prune(retention, at: now)
    state.withLock { $0.prunedAt = now }
  }

  // MARK: - What people rule

  /// Looks at what people ruled until now, as before somebody approves a stage by what was proved.
  /// Where that cannot be read nobody knows it any more.
  func lookUpRulings() async {
    do {
      try await looks.run {
        let approvals = try await self.approvals()
        self.state.withLock { $0.takeRulings(approvals) }
      }
    } catch {
      state.withLock { $0.rulings = nil }
      warn(error)
    }
  }

  /// Those in force. There are none before there is a file.
  private func approvals() async throws -> [NoiseApproval] {
    if let output = state.withLock(\.output) { return try await output.store.approvals() }
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try await ShadowEvidenceStore(reading: path).approvals()
  }

  /// Drops are counted where nobody knows the endpoint, so they stand beside the endpoints.
  private func fileDrops(_ snapshot: [ShadowSnapshot]) {
    state.withLock { state in
      for route in snapshot {
        for (reason, count) in route.tally.drops {
          let filed = state.filedDrops[route.route]?[reason] ?? 0
          guard count > filed else { continue }
          state.filedDrops[route.route, default: [:]][reason] = count
          state.evidence.recordDrop(
            reason, endpoint: "(route \(route.route))", count: Int(count - filed))
        }
      }
    }
  }

  private func warn(_ error: any Error) {
    let isFirst = state.withLock { state in
      defer { state.hasWarned = true }
      return !state.hasWarned
    }
    if isFirst {
      logger.error("shadow evidence is not written", metadata: ["error": "\(error)"])
    }
  }
}

extension LiveEvidence.State {
  /// What is found of a service that is no longer a route's belongs to a run that has ended. A
  /// route that shadows since a moment ago belongs to this one.
  fileprivate func isServed(by service: ShadowedService) -> Bool {
    sides[service.route].map { $0.service == service.text } ?? true
  }

  /// From here on answers are judged by these.
  fileprivate mutating func takeRulings(_ approvals: [NoiseApproval]) {
    evidence.replaceApprovals(approvals)
    rulings = NoiseRulings(approvals)
  }
}
