// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ProxyDataPlane

#if os(Linux)
  @Suite("Epoll loop", .timeLimit(.minutes(1)))
  struct EpollLoopTests {
    private final class Idle: EpollLoopOwner, Sendable {
      func settle() {}
      func endRound() {}
      var hasPostponed: Bool { false }
      func resumePostponed() {}
      func tick() {}
      var needsTicks: Bool { false }
      func tellTime(_ nanoseconds: UInt64) {}
    }

    private final class Trace: Sendable {
      private let numbers = Mutex<[Int]>([])
      var all: [Int] { numbers.withLock(\.self) }
      func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    }

    /// Runs a loop on a thread of its own until `body` returns.
    private static func run(_ body: (EpollLoop) async throws -> Void) async throws {
      let loop = try #require(EpollLoop())
      let threads = NIOThreadPool(numberOfThreads: 1)
      threads.start()
      threads.submit { _ in loop.run(for: Idle()) }
      try await body(loop)
      loop.stop()
      try await threads.shutdownGracefully()
    }

    @Test("Tasks of other threads wake it and run in order on its thread")
    func tasks() async throws {
      let trace = Trace()
      try await Self.run { loop in
        for number in 0..<1000 {
          loop.execute {
            if loop.inEventLoop { trace.add(number) }
          }
        }
        try await loop.submit {}.get()
        #expect(!loop.inEventLoop)
      }
      #expect(trace.all == Array(0..<1000))
    }

    @Test("Timers fire by deadline, and cancelled ones never")
    func timers() async throws {
      let trace = Trace()
      try await Self.run { loop in
        let last = loop.scheduleTask(in: .milliseconds(60)) { trace.add(3) }
        let cancelled = loop.scheduleTask(in: .milliseconds(30)) { trace.add(9) }
        let first = loop.scheduleTask(in: .milliseconds(20)) { trace.add(1) }
        let second = loop.scheduleTask(in: .milliseconds(40)) { trace.add(2) }
        cancelled.cancel()
        for timer in [first, second, last] { try await timer.futureResult.get() }
        await #expect(throws: EventLoopError.self) { try await cancelled.futureResult.get() }
      }
      #expect(trace.all == [1, 2, 3])
    }

    @Test("Tasks that come after its end still run, also those that such a task adds")
    func lateTasks() async throws {
      let trace = Trace()
      var ended: EpollLoop?
      try await Self.run { ended = $0 }
      let loop = try #require(ended)
      loop.execute {
        trace.add(1)
        loop.execute { trace.add(loop.inEventLoop ? 2 : 9) }
      }
      #expect(trace.all == [1, 2])
      #expect(!loop.inEventLoop)
    }
  }
#endif
