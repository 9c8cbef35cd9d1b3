// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Keep-alive clients on one thread.
final class LoadGenerator: Sendable {
  private let shared: Shared
  private let thread: BackgroundThread<LoadOutcome>

  fileprivate final class Shared: Sendable {
    let answered = Atomic<UInt64>(0)
    let isStopped = Atomic<Bool>(false)
  }

  init(_ plan: LoadPlan) {
    let shared = Shared()
    self.shared = shared
    thread = BackgroundThread("load") { try LoadLoop(plan, shared).run() }
  }

  /// Requests answered so far.
  var answered: UInt64 { shared.answered.load(ordering: .relaxed) }

  var processorTime: UInt64 { thread.processorTime }

  /// Sends no more, waits for the answers under way, and closes the connections.
  func stop() throws -> LoadOutcome {
    shared.isStopped.store(true, ordering: .relaxed)
    return try thread.join()
  }

  /// Waits until a counted load is done.
  func finish() throws -> LoadOutcome { try thread.join() }
}

/// The load's thread.
private final class LoadLoop {
  private struct Client {
    let socket: Int32
    let request: [UInt8]
    var reader = ResponseReader()
    /// When the request under way was due; nil when none is.
    var due: Instant?
  }

  private static let scratchSize = 128 * 1024
  /// Longest time without any answer before a run fails.
  private static let patience = 30.0
  /// Requests due that wait for a client; more mean that the rate is out of reach.
  private static let mostWaiting = 100_000

  private let plan: LoadPlan
  private let shared: LoadGenerator.Shared
  private let poller: EventPoller
  private let scratch = UnsafeMutableRawBufferPointer.allocate(
    byteCount: scratchSize, alignment: 16)
  private var clients: [Client] = []
  private var idle: [Int] = []
  private var waiting: [Instant] = []
  private var nextWaiting = 0
  private var sent: UInt64 = 0
  private var outcome = LoadOutcome()
  private var lastAnswer = Instant.now

  init(_ plan: LoadPlan, _ shared: LoadGenerator.Shared) throws {
    self.plan = plan
    self.shared = shared
    poller = try EventPoller()
    for index in 0..<plan.clients {
      let socket = try LoopbackSocket.connect(port: plan.port)
      clients.append(Client(socket: socket, request: LoadPlan.request(client: index)))
      try poller.add(socket, as: index)
    }
    idle = Array(clients.indices)
  }

  deinit {
    for client in clients { close(client.socket) }
    scratch.deallocate()
  }

  func run() throws -> LoadOutcome {
    switch plan.pace {
    case .saturating: try runSaturated(limit: .max)
    case .counted(let limit): try runSaturated(limit: limit)
    case .perSecond(let rate): try runPaced(rate)
    }
    outcome.answered = shared.answered.load(ordering: .relaxed)
    return outcome
  }

  private var isStopped: Bool { shared.isStopped.load(ordering: .relaxed) }

  private func runSaturated(limit: UInt64) throws {
    func sendWhatIsDue() throws {
      while !isStopped, sent < limit, let client = idle.popLast() {
        try send(client, due: .now)
      }
    }
    try sendWhatIsDue()
    while idle.count < clients.count {
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
    while !isStopped || idle.count < clients.count {
      try poller.wait(milliseconds: 100) { source in
        if source != timerSource { return try receive(source, keepsLatency: true) }
        for _ in 0..<timer.firings() where !isStopped {
          due += 1
          waiting.append(start + Double(due) / rate)
        }
      }
      while nextWaiting < waiting.count, !isStopped, let client = idle.popLast() {
        try send(client, due: waiting[nextWaiting])
        nextWaiting += 1
      }
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

  private func send(_ index: Int, due: Instant) throws {
    let count = clients[index].request.withUnsafeBytes {
      Glibc.send(clients[index].socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count != clients[index].request.count { throw BenchmarkError(call: "send of a request") }
    clients[index].due = due
    sent += 1
  }

  private func receive(_ index: Int, keepsLatency: Bool) throws {
    while true {
      let count = recv(clients[index].socket, scratch.baseAddress, Self.scratchSize, 0)
      if count == 0 { throw BenchmarkError("a contender closed a connection") }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        throw BenchmarkError(call: "recv of a response")
      }
      let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<count])
      let completed = try clients[index].reader.read(bytes)
      if completed > 0 {
        guard completed == 1, let due = clients[index].due else {
          throw BenchmarkError("a contender answered more than it was asked")
        }
        let now = Instant.now
        if keepsLatency { outcome.latencies.append(UInt32(max(0, now - due) * 1e6)) }
        lastAnswer = now
        clients[index].due = nil
        idle.append(index)
        shared.answered.wrappingAdd(1, ordering: .relaxed)
      }
      if count < Self.scratchSize { return }
    }
  }
}
