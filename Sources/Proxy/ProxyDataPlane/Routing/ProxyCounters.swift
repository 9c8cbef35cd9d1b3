// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions
import Synchronization

/// The data plane's counters: one block of numbers per event loop, added up when they are read.
///
/// Only its own loop writes a block, with plain loads and stores; nothing is locked or contended
/// for on the way of a request. A reader may see one request's numbers half written, but each
/// number only ever grows (gauges apart), which is what a scrape needs.
public final class ProxyCounters: Sendable {
  /// Upper bounds of the latency buckets, in nanoseconds; one more bucket takes the rest.
  public static let latencyBounds: [UInt64] = [
    500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
  ]

  private struct State {
    var layout: CounterLayout
    var workers: [WorkerCounters]
  }

  /// Log lines and spans that left the process or did not.
  public let observation = ObservationCounters()
  /// Memory for what cannot go on yet.
  public let memory: MemoryMeter
  private let state: Mutex<State>

  /// Creates zeroed counters.
  ///
  /// `rejectionReasons` and `failureReasons` are label values; loops name them by index. `memory`:
  /// bytes that all loops together may keep; 0 for any.
  public init(
    routes: [String], upstreams: [String], rejectionReasons: [String], failureReasons: [String],
    workers: Int, memory: Int = 0
  ) {
    self.memory = MemoryMeter(limit: memory, workers: max(1, workers))
    let layout = CounterLayout(
      routes: routes, upstreams: upstreams, rejectionReasons: rejectionReasons,
      failureReasons: failureReasons)
    let counters = (0..<max(1, workers)).map { _ in WorkerCounters(layout) }
    state = Mutex(State(layout: layout, workers: counters))
  }

  /// Creates zeroed counters for a configuration.
  public convenience init(
    _ configuration: ProxyConfiguration, rejectionReasons: [String], failureReasons: [String]
  ) {
    self.init(
      routes: configuration.routes.map(\.name), upstreams: configuration.upstreams.map(\.name),
      rejectionReasons: rejectionReasons, failureReasons: failureReasons,
      workers: configuration.workers, memory: configuration.limits.memory)
  }

  /// The counters of one event loop, 0 to `workers - 1`; nobody else may write them.
  public func worker(_ index: Int) -> WorkerCounters { state.withLock { $0.workers[index] } }

  /// Makes room for routes and upstreams that were added; loops get it by `growWorker`.
  func grow(_ numbers: RoutingNumbers) {
    state.withLock { state in
      state.layout = state.layout.growing(
        routes: numbers.routes, upstreams: numbers.upstreams.map(\.name))
    }
  }

  /// The counters of one event loop with all the room there is. On that loop, which writes to no
  /// others of its own from then on.
  func growWorker(_ index: Int) -> WorkerCounters {
    state.withLock { state in
      let grown = WorkerCounters(state.layout, continuing: state.workers[index])
      state.workers[index] = grown
      return grown
    }
  }

  /// The sum over all event loops.
  public func snapshot() -> CounterSnapshot {
    let (layout, workers) = state.withLock { ($0.layout, $0.workers) }
    var sums = [UInt64](repeating: 0, count: layout.count)
    for worker in workers {
      worker.forEach(in: layout) { slot, value in sums[slot] &+= value }
    }
    return CounterSnapshot(layout: layout, values: sums)
  }
}

/// Who left an answer unfinished: by its end, its silence, or by taking nothing of it.
enum CutSide: Sendable {
  case client, upstream

  var reason: String { self == .client ? "cut-by-client" : "cut-by-upstream" }
}

/// The counters of one event loop, written by that loop alone.
public final class WorkerCounters: Sendable {
  let block: CounterBlock
  private let layout: CounterLayout

  init(_ layout: CounterLayout) {
    self.layout = layout
    block = CounterBlock(count: layout.count)
  }

  /// Goes on where others of a smaller layout stopped.
  convenience init(_ layout: CounterLayout, continuing others: WorkerCounters) {
    self.init(layout)
    let block = block
    others.forEach(in: layout) { slot, value in block.add(value, to: slot) }
  }

  /// All numbers with their slots in a layout that grew from this one.
  func forEach(in grown: CounterLayout, _ body: (_ slot: Int, _ value: UInt64) -> Void) {
    for (here, there) in layout.runs(in: grown) {
      for slot in here { body(there + slot - here.lowerBound, block.load(slot)) }
    }
  }

  /// A response went out whole, or as far as it could.
  ///
  /// `route` is the decision's index (-1 for none), `side` the one that answered in the end,
  /// `status` the status sent (0 when the client left before one was).
  public func requestFinished(route: Int, side: Side, status: Int, nanoseconds: UInt64) {
    let base = layout.routeSide(route, side)
    block.add(1, to: base + layout.statusClass(status))
    let histogram = base + CounterLayout.statusClasses
    block.add(1, to: histogram + CounterLayout.latencyBucket(nanoseconds))
    block.add(nanoseconds, to: histogram + CounterLayout.latencyBuckets)
  }

  /// Legacy answered because the extracted side had failed.
  public func fellBack(route: Int) { block.add(1, to: layout.fallbacks(route)) }

  /// A request was sent once more on a fresh connection.
  public func retried(route: Int) { block.add(1, to: layout.retries(route)) }

  /// A request was refused before routing; `reason` is an index into `rejectionReasons`.
  public func rejected(reason: Int) { block.add(1, to: layout.rejection(reason)) }

  /// An upstream failed a request; `reason` is an index into `failureReasons`.
  public func upstreamFailed(upstream: Int, reason: Int) {
    block.add(1, to: layout.failure(upstream, reason))
  }

  /// An answer whose status had gone out was not completed.
  func answerCut(by side: CutSide) {
    block.add(
      1,
      to: side == .client ? CounterLayout.answersCutByClient : CounterLayout.answersCutByUpstream)
  }

  /// A client connection was accepted.
  public func clientOpened() { block.add(1, to: CounterLayout.clientsOpened) }

  /// A client connection is gone.
  public func clientClosed() { block.add(1, to: CounterLayout.clientsClosed) }

  /// A connection to an upstream was opened.
  public func upstreamOpened() { block.add(1, to: CounterLayout.upstreamsOpened) }

  /// A connection to an upstream is gone.
  public func upstreamClosed() { block.add(1, to: CounterLayout.upstreamsClosed) }

  /// Bytes read from clients.
  public func received(bytes: Int) {
    block.add(UInt64(truncatingIfNeeded: bytes), to: CounterLayout.bytesReceived)
  }

  /// Bytes written to clients.
  public func sent(bytes: Int) {
    block.add(UInt64(truncatingIfNeeded: bytes), to: CounterLayout.bytesSent)
  }
}

/// Numbers in memory of their own, written by one thread and read by any.
final class CounterBlock: @unchecked Sendable {  // the pointer never changes, slots are atomics
  private let slots: UnsafeMutablePointer<Atomic<UInt64>>
  private let count: Int

  /// Whole cache lines, so that two loops never write the same one.
  private static let cacheLine = 128

  init(count: Int) {
    let size = count * MemoryLayout<Atomic<UInt64>>.stride
    let rounded = (size + Self.cacheLine - 1) / Self.cacheLine * Self.cacheLine
    slots = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: Self.cacheLine)
      .bindMemory(to: Atomic<UInt64>.self, capacity: count)
    for slot in 0..<count { (slots + slot).initialize(to: Atomic(0)) }
    self.count = count
  }

  deinit {
    slots.deinitialize(count: count)
    UnsafeMutableRawPointer(slots).deallocate()
  }

  /// Not an atomic addition: the owning loop is the only writer.
  @inline(__always)
  func add(_ amount: UInt64, to slot: Int) {
    precondition(slot < count)
    let sum = slots[slot].load(ordering: .relaxed) &+ amount
    slots[slot].store(sum, ordering: .relaxed)
  }

  func load(_ slot: Int) -> UInt64 { slots[slot].load(ordering: .relaxed) }
}
