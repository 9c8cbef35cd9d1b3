// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore

/// One bad release behind the real proxy: a plan's stage of 10 %, load, and a fault.
package enum Trial {
  private static let cutover = "trial"
  /// Between two looks at the cutover's state.
  private static let look = Duration.milliseconds(200)
  /// How long the load goes on behind a rollback, to see that nothing reaches the new side.
  private static let aftermath = Duration.seconds(3)

  /// A client whose connections do not limit the load: a request that waits for one, is late, and
  /// goes away meets its pool in every state at once.
  private static func client() -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      TrialLoad.limit + TrialProxy.mostQuestions
    configuration.timeout = .init(connect: .seconds(5), read: .seconds(30))
    return HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  /// Runs a trial with a proxy, two origins, a client and load of its own.
  ///
  /// - Parameter program: the `strangler` program.
  package static func run(
    _ fault: Fault, program: String, pace: TrialPace, seed: UInt64
  ) async throws -> TrialOutcome {
    let client = client()
    let outcome: Result<TrialOutcome, any Error>
    do {
      outcome = .success(
        try await run(fault, program: program, pace: pace, seed: seed, client: client))
    } catch {
      outcome = .failure(error)
    }
    // A client that is let go of without this ends the process.
    try await client.shutdown()
    return try outcome.get()
  }

  private static func run(
    _ fault: Fault, program: String, pace: TrialPace, seed: UInt64, client: HTTPClient
  ) async throws -> TrialOutcome {
    // Any seed is one, and large ones go round.
    let draws = 4 &* seed
    let (legacy, extracted) = (
      FaultyOrigin(.drawn(seed: draws)), FaultyOrigin(.drawn(seed: draws &+ 1))
    )
    let ports = (try await legacy.start(), try await extracted.start())
    let proxy: TrialProxy
    do {
      proxy = try await TrialProxy(program, client) { folder in
        configuration(fault, ports: ports, folder: folder)
      }
    } catch {
      try await legacy.stop()
      try await extracted.stop()
      throw error
    }
    let load = TrialLoad(
      client, url: proxy.address + "/orders/7", seed: draws &+ 2,
      users: fault == .fewUsers ? 40 : TrialLoad.manyUsers)
    let running = Task { await load.run(requestsPerSecond: pace.requestsPerSecond) }
    let outcome: Result<TrialOutcome, any Error>
    do {
      outcome = .success(
        try await observe(fault, pace, proxy, load, legacy: legacy, extracted: extracted))
    } catch {
      outcome = .failure(error)
    }
    // With the proxy every request ends that still waits for an answer; to cancel hundreds of them
    // in that moment is a race that is none of this trial's.
    load.stop()
    await proxy.stop()
    await running.value
    try await legacy.stop()
    try await extracted.stop()
    return try outcome.get()
  }

  /// Comparing costs the new side requests, so only what it is needed for has it. The stages of
  /// those that are not to blame are short: nothing but what is tested holds them.
  private static func configuration(
    _ fault: Fault, ports: (legacy: Int, extracted: Int), folder: String
  ) -> String {
    // That nothing is wrong has to hold however often it is asked about.
    let budget = fault == .noneNoisy ? ", ask-again-percent: 100" : ""
    let shadow = fault.isOfContent ? "\n    shadow: { mode: compare\(budget) }" : ""
    let gates = fault.isOfContent ? "\n    gates: { mismatches: {} }" : ""
    let stage =
      switch fault {
      case .incident, .noneNoisy: "{ percent: 10, soak: 1m }"
      case .silence: "{ percent: 10, soak: 90s, tolerance: 0.05 }"
      case .fewUsers: "{ percent: 50, soak: 1m }"
      case .errors, .latency, .hangs, .wrong, .wrongNoisy: "{ percent: 10, soak: 1h }"
      }
    let rest =
      fault == .fewUsers
      ? "{ percent: 75, soak: 1h }" : "{ percent: 25, soak: 1h }, { percent: 50, soak: 1h }"
    // It is the gate that is tried, and of few users a breaker keeps most away.
    let breaker = fault == .fewUsers ? ", breaker: off, ejection: off" : ""
    return """
      proxy:
        listen: 127.0.0.1:0
        admin: 127.0.0.1:0
        workers: 1
        admin-token-file: \(folder)/token
        journal: { path: \(folder)/journal.sqlite, installation: trial }
      upstreams:
        legacy: { endpoints: [127.0.0.1:\(ports.legacy)] }
        orders: { endpoints: [127.0.0.1:\(ports.extracted)]\(breaker) }
      routes:
        - name: orders
          match: { path: /orders/** }
          legacy: legacy
          extracted: orders
          sticky: [ { header: x-user-id } ]\(shadow)
        - { name: everything-else, match: { path: /** }, legacy: legacy }
      cutovers:
        \(cutover):
          routes: [orders]
          stages: [ \(stage), \(rest) ]\(gates)

      """
  }

  private static func observe(
    _ fault: Fault, _ pace: TrialPace, _ proxy: TrialProxy, _ load: TrialLoad,
    legacy: FaultyOrigin, extracted: FaultyOrigin
  ) async throws -> TrialOutcome {
    let clock = ContinuousClock()
    let healthy = pace.healthy[fault] ?? 0
    if healthy == 0 { begin(fault, pace, load, legacy: legacy, extracted: extracted) }
    // A second of traffic before the first decision, as a proxy in use has it.
    try await clock.sleep(for: .seconds(1))
    try await proxy.start(cutover)
    let started = clock.now
    var began = Date()
    if healthy > 0 {
      try await clock.sleep(for: .seconds(healthy))
      began = Date()
      begin(fault, pace, load, legacy: legacy, extracted: extracted)
    }
    let limit =
      fault.isOfRelease ? clock.now + .seconds(pace.patience) : started + .seconds(pace.watch)
    var status = try await proxy.status(of: cutover)
    while status.phase == "under-way", status.stage == 1, clock.now < limit {
      try await clock.sleep(for: look)
      status = try await proxy.status(of: cutover)
    }
    try await clock.sleep(for: aftermath)
    return try await outcome(fault, status, began: began, proxy, load, extracted)
  }

  private static func begin(
    _ fault: Fault, _ pace: TrialPace, _ load: TrialLoad, legacy: FaultyOrigin,
    extracted: FaultyOrigin
  ) {
    var behaviour = FaultyOrigin.Behaviour()
    switch fault {
    case .errors: behaviour.errors = pace.errors
    case .fewUsers:
      behaviour.errors = pace.fewErrors.legacy
      legacy.behave(behaviour)
      behaviour.errors = pace.fewErrors.extracted
    case .latency: behaviour.slowdown = pace.slowdown
    case .hangs: behaviour.hangs = true
    case .wrong: behaviour.wrong = pace.wrong
    case .incident:
      behaviour.errors = 3_000
      legacy.behave(behaviour)
    case .silence: load.fallSilent()
    case .wrongNoisy, .noneNoisy:
      (behaviour.isNoisy, behaviour.refusals) = (true, pace.refusals)
      legacy.behave(behaviour)
      if fault == .wrongNoisy { behaviour.wrong = pace.wrong }
    }
    extracted.behave(behaviour)
  }

  private static func outcome(
    _ fault: Fault, _ status: TrialProxy.Status, began: Date, _ proxy: TrialProxy,
    _ load: TrialLoad, _ extracted: FaultyOrigin
  ) async throws -> TrialOutcome {
    let seen = extracted.seen
    var outcome = TrialOutcome(fault)
    outcome.bad = seen.bad
    (outcome.sent, outcome.late) = load.counts
    outcome.isRolledBack = status.phase == "rolled-back"
    outcome.isPromoted = status.stage > 1 || status.phase == "completed"
    outcome.reason = status.holdText ?? ""
    if fault.isOfContent {
      let found = try await proxy.found()
      (outcome.compared, outcome.askedAgain) = (found.comparisons, found.reasks)
      outcome.realPaths = found.realPaths
    }
    let isSound = try await proxy.isSound()
    guard let entry = try await proxy.history().last(where: { $0.moves.contains { $0.to == 0 } })
    else { return outcome }
    outcome.reason = entry.reason
    outcome.hasEvidence =
      entry.isAutomatic && isSound
      && fault.gate.map { gate in entry.evidence?.contains("orders: \(gate)") ?? false } ?? true
      && fault.gate.map { gate in entry.reason.contains("orders: \(gate)") } ?? true
    let decided = try Date(
      entry.at, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    outcome.seconds = decided.timeIntervalSince(began)
    outcome.secondsToZero = seen.last.map { max(0, $0.timeIntervalSince(decided)) }
    return outcome
  }
}
