// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Dispatch
  import Glibc
  import NIOCore
  import Synchronization

  /// What a loop runs for.
  protocol EpollLoopOwner: AnyObject {
    /// After each event and each batch of tasks.
    func settle()
    /// Something waits for the next round, which comes at once then.
    var hasPostponed: Bool { get }
    /// Once a round.
    func resumePostponed()
    /// At the end of each round.
    func endRound()
    /// Every `WorkerContext.tickMilliseconds` while `needsTicks`.
    func tick()
    var needsTicks: Bool { get }
    /// The clock moved on, to so many nanoseconds of `WorkerContext.clock`.
    func tellTime(_ nanoseconds: UInt64)
  }

  /// One thread that waits for sockets, timers and tasks.
  ///
  /// It is a SwiftNIO event loop as far as modules need one: their promises complete on it, and
  /// whatever is confined to it may be touched from its tasks.
  final class EpollLoop: @unchecked Sendable {  // `poll` and `timers` belong to its thread
    private struct Inbound {
      var tasks: [@Sendable () -> Void] = []
      /// The thread has ended; who adds a task runs it.
      var hasEnded = false
      var isRunningLate = false
    }

    private struct Timer: Sendable {
      let deadline: UInt64
      let number: Int
      let fire: @Sendable () -> Void
      /// The loop ended before the deadline.
      let abandon: @Sendable () -> Void
    }

    @exclusivity(unchecked) private var poll: EventPoll
    private let wakeUp: WakeUp
    private let inbound = Mutex(Inbound())
    private let hasInbound = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    /// The thread that may touch what the loop confines.
    private let thread = Atomic<UInt>(0)
    @exclusivity(unchecked) private var timers: [Timer] = []
    private let timerNumbers = Atomic<Int>(0)
    @exclusivity(unchecked) private var nextTick: UInt64 = 0
    /// Milliseconds when the round began.
    @exclusivity(unchecked) private var roundStart: UInt64 = 0

    /// nil when the system has no descriptors left.
    init?() {
      guard let poll = EventPoll(), let wakeUp = WakeUp() else { return nil }
      self.poll = poll
      self.wakeUp = wakeUp
      guard self.poll.addSource(wakeUp.descriptor, wakeUp) else { return nil }
    }

    func add(_ socket: SystemSocket, _ handler: any EventHandler) -> Bool {
      poll.addConnection(socket.descriptor, handler)
    }

    func addListener(_ socket: SystemSocket, _ handler: any EventHandler) -> Bool {
      poll.addSource(socket.descriptor, handler)
    }

    /// Events of a socket that was added go to another object from now on.
    func replaceHandler(of socket: SystemSocket, _ handler: any EventHandler) {
      poll.replaceHandler(socket.descriptor, handler)
    }

    /// Hears no more of a socket that stays open.
    func remove(_ socket: SystemSocket) { poll.remove(socket.descriptor) }

    /// Closes a socket; events of it that are under way find nobody.
    func close(_ socket: SystemSocket) {
      poll.forget(socket.descriptor)
      socket.close()
    }
  }

  // MARK: - Running

  extension EpollLoop {
    /// Runs until `stop` on the calling thread.
    func run<Owner: EpollLoopOwner>(for owner: Owner) {
      thread.store(Self.currentThread, ordering: .relaxed)
      tellTime(owner)
      while !isStopping.load(ordering: .acquiring) {
        let count = poll.wait(milliseconds: patience(owner))
        tellTime(owner)
        for index in 0..<count {
          guard let (handler, readiness) = poll.event(index) else { continue }
          handler.handle(readiness)
          owner.settle()
        }
        if owner.hasPostponed { owner.resumePostponed() }
        runTasks()
        fireTimers()
        owner.settle()
        tickIfDue(owner)
        owner.endRound()
      }
      for timer in timers { timer.abandon() }
      timers = []
      thread.store(0, ordering: .relaxed)
      inbound.withLock { $0.hasEnded = true }
      runLateTasks()
    }

    /// Ends `run` after the batch at hand. From any thread.
    func stop() {
      isStopping.store(true, ordering: .releasing)
      wakeUp.signal()
    }

    /// The clock is read once a round, which is exact enough for ticks; timers are worth a look.
    private func tellTime<Owner: EpollLoopOwner>(_ owner: Owner) {
      let nanoseconds = WorkerContext.clock()
      roundStart = nanoseconds / 1_000_000
      owner.tellTime(nanoseconds)
    }

    private func patience<Owner: EpollLoopOwner>(_ owner: Owner) -> Int32 {
      if hasInbound.load(ordering: .acquiring) || owner.hasPostponed { return 0 }
      var deadline = UInt64.max
      if !timers.isEmpty {
        deadline = timers[0].deadline
        roundStart = Self.milliseconds
      }
      if owner.needsTicks {
        if nextTick == 0 { nextTick = roundStart + UInt64(WorkerContext.tickMilliseconds) }
        deadline = min(deadline, nextTick)
      } else {
        nextTick = 0
      }
      if deadline == .max { return -1 }
      if deadline <= roundStart { return 0 }
      return Int32(truncatingIfNeeded: min(deadline - roundStart, 60_000))
    }

    private func tickIfDue<Owner: EpollLoopOwner>(_ owner: Owner) {
      if nextTick == 0 || roundStart < nextTick { return }
      nextTick = roundStart + UInt64(WorkerContext.tickMilliseconds)
      owner.tick()
      owner.settle()
    }

    private func runTasks() {
      // One batch: tasks that add tasks must not keep the sockets waiting.
      guard hasInbound.exchange(false, ordering: .acquiringAndReleasing) else { return }
      for task in takeTasks() { task() }
    }

    private func takeTasks() -> [@Sendable () -> Void] {
      inbound.withLock { inbound in
        defer { inbound.tasks = [] }
        return inbound.tasks
      }
    }

    private func fireTimers() {
      if timers.isEmpty { return }
      while let timer = timers.first, timer.deadline <= Self.milliseconds {
        timers.removeFirst()
        timer.fire()
      }
    }

    /// Modules may still call once the thread has ended; one caller at a time takes its place.
    private func runLateTasks() {
      while true {
        let mayRun = inbound.withLock { inbound in
          if inbound.isRunningLate || inbound.tasks.isEmpty { return false }
          inbound.isRunningLate = true
          return true
        }
        guard mayRun else { return }
        thread.store(Self.currentThread, ordering: .relaxed)
        for task in takeTasks() { task() }
        thread.store(0, ordering: .relaxed)
        inbound.withLock { $0.isRunningLate = false }
      }
    }

    private static var currentThread: UInt { UInt(pthread_self()) }
    private static var milliseconds: UInt64 { WorkerContext.clock() / 1_000_000 }
  }

  // MARK: - Tasks and timers

  extension EpollLoop: EventLoop {
    var inEventLoop: Bool { thread.load(ordering: .relaxed) == Self.currentThread }

    func execute(_ task: @escaping @Sendable () -> Void) {
      let hasEnded = inbound.withLock { inbound in
        inbound.tasks.append(task)
        return inbound.hasEnded
      }
      if hasEnded { return runLateTasks() }
      if hasInbound.exchange(true, ordering: .acquiringAndReleasing) { return }
      // The loop looks for tasks before it waits, so it has to be woken by others only.
      if !inEventLoop { wakeUp.signal() }
    }

    func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
      let promise = makePromise(of: T.self)
      execute {
        do {
          promise.assumeIsolated().succeed(try task())
        } catch {
          promise.fail(error)
        }
      }
      return promise.futureResult
    }

    func scheduleTask<T>(
      deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
      let promise = makePromise(of: T.self)
      let number = timerNumbers.add(1, ordering: .relaxed).newValue
      let fire: @Sendable () -> Void = {
        do {
          promise.assumeIsolated().succeed(try task())
        } catch {
          promise.fail(error)
        }
      }
      let timer = Timer(
        deadline: deadline.uptimeNanoseconds / 1_000_000, number: number, fire: fire,
        abandon: { promise.fail(EventLoopError.shutdown) })
      execute { self.insert(timer) }
      return Scheduled(promise: promise) {
        self.execute { self.timers.removeAll { $0.number == number } }
      }
    }

    func scheduleTask<T>(
      in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
      scheduleTask(deadline: .now() + delay, task)
    }

    private func insert(_ timer: Timer) {
      if isStopping.load(ordering: .relaxed) { return timer.abandon() }
      let place = timers.firstIndex { $0.deadline > timer.deadline } ?? timers.endIndex
      timers.insert(timer, at: place)
    }

    /// It ends with its transport, not on request.
    func shutdownGracefully(
      queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void
    ) {
      queue.async { callback(EventLoopError.unsupportedOperation) }
    }
  }
#endif
