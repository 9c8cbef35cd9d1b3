// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// What a load's thread and its owner tell each other.
final class LoadProgress: Sendable {
  let answered = Atomic<UInt64>(0)
  let isStopped = Atomic<Bool>(false)
}

/// Clients on one thread.
final class LoadGenerator: Sendable {
  private let progress: LoadProgress
  private let thread: BackgroundThread<LoadOutcome>

  init(_ plan: LoadPlan) {
    let progress = LoadProgress()
    self.progress = progress
    thread = BackgroundThread("load") {
      if case .handshakes(let resumed) = plan.pace {
        return try HandshakeLoop(plan, progress, resumed: resumed).run()
      }
      return try LoadLoop(plan, progress).run()
    }
  }

  /// Waits until the first request was answered, for so many seconds at most.
  func awaitFirstAnswer(upTo seconds: Double) {
    _ = Instant.wait(upTo: seconds) { answered > 0 || thread.hasEnded }
  }

  /// Requests answered so far.
  var answered: UInt64 { progress.answered.load(ordering: .relaxed) }

  var processorTime: UInt64 { thread.processorTime }

  /// Sends no more, waits for the answers under way, and closes the connections.
  func stop() throws -> LoadOutcome {
    progress.isStopped.store(true, ordering: .relaxed)
    return try thread.join()
  }

  /// Waits until a counted load is done.
  func finish() throws -> LoadOutcome { try thread.join() }
}

/// The load's thread when it sends requests on connections that stay.
private final class LoadLoop {
  /// Longest time without any answer before a run fails.
  private static let patience = 30.0
  /// Requests due that wait for a client; more mean that the rate is out of reach.
  private static let mostWaiting = 100_000

  private let plan: LoadPlan
  private let progress: LoadProgress
  private let poller: EventPoller
  private var clients: [ClientConnection] = []
  /// Clients that may ask, each as often as it may.
  private var idle: [Int] = []
  /// Clients that may have something to send.
  private var unflushed: [Int] = []
  private var waiting: [Instant] = []
  private var nextWaiting = 0
  private var sent: UInt64 = 0
  private var outcome = LoadOutcome()
  private var lastAnswer = Instant.now
  private let capacity: Int

  init(_ plan: LoadPlan, _ progress: LoadProgress) throws {
    self.plan = plan
    self.progress = progress
    capacity = plan.connections * plan.client.streams
    poller = try EventPoller()
    let workspace = try ClientWorkspace(plan.client)
    for number in 0..<plan.connections {
      clients.append(try ClientConnection(port: plan.port, number: number, workspace))
      try poller.add(clients[number].socket, as: number)
      idle += [Int](repeating: number, count: plan.client.streams)
    }
  }

  func run() throws -> LoadOutcome {
    switch plan.pace {
    case .counted(let limit): try runSaturated(limit: limit)
    case .perSecond(let rate): try runPaced(rate)
    case .saturating, .handshakes: try runSaturated(limit: .max)
    }
    outcome.answered = progress.answered.load(ordering: .relaxed)
    return outcome
  }

  private var isStopped: Bool { progress.isStopped.load(ordering: .relaxed) }

  private func runSaturated(limit: UInt64) throws {
    func sendWhatIsDue() throws {
      while !isStopped, sent < limit, let client = idle.popLast() { try ask(client, due: .now) }
      try flush()
    }
    try sendWhatIsDue()
    while idle.count < capacity {
      try poller.wait(milliseconds: 100) { try receive($0, keepsLatency: false) }
      try sendWhatIsDue()
      try checkPatience()
    }
  }

  private func runPaced(_ rate: Double) throws {
    let timer = try SteadyTimer(perSecond: rate)
    let timerSource = clients.count
    try poller.add(timer.descriptor, as: timerSource)
    let start = Instant.now
    var due: UInt64 = 0
    while !isStopped || idle.count < capacity {
      try poller.wait(milliseconds: 100) { source in
        if source != timerSource { return try receive(source, keepsLatency: true) }
        for _ in 0..<timer.firings() where !isStopped {
          due += 1
          waiting.append(start + Double(due) / rate)
        }
      }
      while nextWaiting < waiting.count, !isStopped, let client = idle.popLast() {
        try ask(client, due: waiting[nextWaiting])
        nextWaiting += 1
      }
      try flush()
      try forgetSent()
      try checkPatience()
    }
  }

  private func forgetSent() throws {
    if nextWaiting == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      nextWaiting = 0
    } else if waiting.count - nextWaiting > Self.mostWaiting {
      throw BenchmarkError("the steady rate is more than a contender can answer")
    }
  }

  private func checkPatience() throws {
    if Instant.now - lastAnswer > Self.patience {
      throw BenchmarkError("no answer for \(Int(Self.patience)) seconds")
    }
  }

  private func ask(_ client: Int, due: Instant) throws {
    try clients[client].ask(due: due)
    if unflushed.last != client { unflushed.append(client) }
    sent += 1
  }

  /// What one client asks at a time leaves together.
  private func flush() throws {
    for client in unflushed { try clients[client].flush() }
    unflushed.removeAll(keepingCapacity: true)
  }

  private func receive(_ index: Int, keepsLatency: Bool) throws {
    try clients[index].receive { due in
      let now = Instant.now
      if keepsLatency { outcome.latencies.append(UInt32(max(0, now - due) * 1e6)) }
      lastAnswer = now
      idle.append(index)
      progress.answered.wrappingAdd(1, ordering: .relaxed)
    }
    if unflushed.last != index { unflushed.append(index) }
  }
}
