// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import RoutingDecisions
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Where the workers of one server put what they observed.
final class Observation: Sendable {
  let log: AccessLog?
  let tracing: Tracing?
  /// Nanoseconds since 1970.
  let wallClock: @Sendable () -> UInt64
  /// Number of the first worker's queue of spans.
  let firstQueue: Int

  /// Of a shadow lane, whose only worker has a queue behind those of the server's workers.
  init(ofShadowLane tracing: Tracing?) {
    log = nil
    self.tracing = tracing
    wallClock = Observation.systemTime
    firstQueue = tracing?.laneQueue ?? 0
  }

  /// - Throws: `ProxyServerError` when the access log cannot be written.
  init(
    _ configuration: ProxyConfiguration, counters: ObservationCounters, logger: Logger,
    wallClock: @escaping @Sendable () -> UInt64 = Observation.systemTime
  ) throws {
    let workers = configuration.workers
    log = try configuration.accessLog.map {
      try AccessLog($0, workers: workers, counters: counters, logger: logger)
    }
    tracing = configuration.tracing.map {
      Tracing($0, workers: workers, counters: counters)
    }
    self.wallClock = wallClock
    firstQueue = 0
  }

  @Sendable static func systemTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Recorded spans until an exporter takes them.
final class Tracing: Sendable {
  /// Share of the traces begun here that are recorded.
  let sample: Double
  private let isExported: Bool
  /// One for each worker, and one for the shadow lane.
  private let queues: [ObservationQueue]
  var laneQueue: Int { queues.count - 1 }
  private let counters: ObservationCounters

  init(_ configuration: TracingConfiguration, workers: Int, counters: ObservationCounters) {
    sample = configuration.sample
    isExported = configuration.collector != nil
    queues = (0...workers).map { _ in ObservationQueue() }
    self.counters = counters
  }

  func offer(_ span: [UInt8], worker: Int) {
    if isExported, !queues[worker].offer(span) { counters.lostSpans(1) }
  }

  /// The spans of all workers with a comma behind each.
  func take() -> (bytes: [UInt8], count: Int) {
    queues.reduce(into: ([], 0)) { all, queue in
      let (bytes, count) = queue.take()
      all.0 += bytes
      all.1 += count
    }
  }
}
