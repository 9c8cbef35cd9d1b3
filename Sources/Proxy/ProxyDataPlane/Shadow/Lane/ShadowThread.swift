// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import RoutingDecisions

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How much of the processor a lane gets when clients want it too.
enum ShadowPriority {
  private static let niceness: Int32 = 15

  /// Lets the loops that serve clients go first. On the lane's thread: Linux has a priority for
  /// each thread under the name of the process's.
  static func lower() {
    #if canImport(Glibc)
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #elseif canImport(Musl)
      _ = setpriority(PRIO_PROCESS, 0, niceness)
    #endif
  }
}

/// The loop that a lane runs on, and the thread below it.
protocol ShadowThread: Sendable {
  /// Has the lane look for jobs.
  func wake()
  /// Makes what a change brought known to the lane; returns once it is.
  func adopt(_ change: WorkerChange) async
  /// Nothing is sent to these upstreams any more but what was decided already.
  func retire(_ upstreams: [Int]) async
  /// Closes what is open and ends the thread.
  func shutDown() async
}

#if os(Linux)
  final class EpollShadowThread: ShadowThread {
    private let worker: EpollWorker
    private let thread = NIOThreadPool(numberOfThreads: 1)

    /// nil when the system has no descriptors left.
    init?(
      _ configuration: ProxyConfiguration, _ parts: ServerParts, _ live: LiveShadow,
      _ ledger: (any ShadowLedger)?
    ) {
      guard let loop = EpollLoop() else { return nil }
      let worker = EpollWorker(loop, configuration, parts, index: 0)
      worker.lane = ShadowLane(live, worker.context, ledger: ledger, worker.subrequests)
      self.worker = worker
      thread.start()
      thread.submit { _ in
        ShadowPriority.lower()
        loop.run(for: worker)
      }
    }

    func wake() {
      let worker = worker
      worker.loop.execute { worker.lane?.look() }
    }

    func adopt(_ change: WorkerChange) async {
      let worker = worker
      try? await worker.loop.submit { worker.adopt(change) }.get()
    }

    func retire(_ upstreams: [Int]) async {
      let worker = worker
      try? await worker.loop.submit { worker.retire(upstreams) }.get()
    }

    func shutDown() async {
      let worker = worker
      try? await worker.loop.submit { worker.stop() }.get()
      worker.loop.stop()
      try? await thread.shutdownGracefully()
    }
  }
#endif

final class NIOShadowThread: ShadowThread {
  private let worker: Worker
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  init(
    _ configuration: ProxyConfiguration, _ parts: ServerParts, _ live: LiveShadow,
    _ ledger: (any ShadowLedger)?
  ) {
    let worker = Worker(group.next(), configuration, parts, index: 0)
    worker.lane = ShadowLane(live, worker.context, ledger: ledger, worker.subrequests)
    self.worker = worker
    worker.eventLoop.execute {
      ShadowPriority.lower()
      worker.start()
    }
  }

  func wake() {
    let worker = worker
    worker.eventLoop.execute { worker.lane?.look() }
  }

  func adopt(_ change: WorkerChange) async {
    let worker = worker
    try? await worker.eventLoop.submit { worker.adopt(change) }.get()
  }

  func retire(_ upstreams: [Int]) async {
    let worker = worker
    try? await worker.eventLoop.submit { worker.retire(upstreams) }.get()
  }

  func shutDown() async {
    let worker = worker
    try? await worker.eventLoop.submit { worker.stop() }.get()
    try? await group.shutdownGracefully()
  }
}
