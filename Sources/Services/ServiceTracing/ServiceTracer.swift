// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
public import Logging
public import ServiceLifecycle
internal import Synchronization
public import TraceSpans
public import Tracing
public import TransactionalMessaging

/// Makes a service's spans and sends them to a collector.
///
/// A tracer of swift-distributed-tracing: whatever is instrumented with that package can be given
/// it, and whatever this package instruments can be given another tracer. Contexts travel as W3C
/// Trace Context; a `traceparent` that cannot be read begins a new trace.
///
/// Who makes a span never waits. Spans go out in batches while the tracer runs; what finds no room,
/// or the collector does not take, is lost and counted.
///
/// ```swift
/// let tracer = ServiceTracer(
///   TracingSettings(collector: "http://127.0.0.1:4318/v1/traces", service: "orders"), logger: logger)
/// router.add(middleware: CallContextMiddleware(tracer: tracer))
/// // The first of a group is shut down last, and sends the spans of the others' ends.
/// try await ServiceGroup(services: [tracer, server], logger: logger).run()
/// ```
public final class ServiceTracer: Tracer, Service {
  private let settings: TracingSettings
  private let sampling: TraceSampling
  private let logger: Logger
  private let clock: any MessagingClock
  private let signal = WakeSignal()
  private let batches: Mutex<SpanBatches<RecordedSpan>>
  private let isFailing = Mutex(false)

  /// Creates a tracer; `run` sends what it records.
  ///
  /// - Parameters:
  ///   - settings: where spans go, and which are recorded.
  ///   - clock: decides when batches are sent; the machine's clock by default.
  ///   - logger: is told when the collector takes none, and takes them again.
  public init(
    _ settings: TracingSettings, clock: any MessagingClock = ExportClock(), logger: Logger
  ) {
    self.settings = settings
    self.clock = clock
    self.logger = logger
    sampling = TraceSampling(share: settings.sample)
    var limits = SpanBatches<RecordedSpan>.Limits()
    limits.waiting = settings.waiting
    limits.batch = settings.batch
    limits.interval = settings.interval
    batches = Mutex(SpanBatches(limits))
  }

  /// How many spans the collector took, how many were lost, and how many wait.
  public var status: TraceExportStatus {
    batches.withLock {
      TraceExportStatus(exported: $0.exported, lost: $0.lost, waiting: $0.waiting)
    }
  }

  // MARK: - Spans

  /// Begins a span below the one of the context, or the first one of a trace.
  public func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> ServiceSpan {
    var context = context()
    let parent = context.traceContext
    var random = SystemRandomNumberGenerator()
    let own = sampling.context(below: parent, using: &random)
    context.traceContext = own
    let start = instant().nanosecondsSinceEpoch
    let isRecorded = own.isSampled && settings.collector != nil
    return ServiceSpan(
      operationName, context,
      recording: isRecorded
        ? RecordedSpan(
          context: own, parent: parent?.span, name: operationName, kind: .init(kind), start: start,
          end: start) : nil
    ) { [weak self] in self?.take($0) }
  }

  private func take(_ span: RecordedSpan) {
    if batches.withLock({ $0.offer(span) }) { signal.raise() }
  }

  /// What waits is sent at once.
  public func forceFlush() {
    batches.withLock { $0.flush() }
    signal.raise()
  }

  // MARK: - Contexts

  /// Takes `traceparent` and `tracestate`.
  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    guard let parent = extractor.extract(key: MessageHeader.traceParent, from: carrier),
      let trace = TraceContext(
        parent: parent, state: extractor.extract(key: MessageHeader.traceState, from: carrier))
    else { return }
    context.traceContext = trace
  }

  /// Writes `traceparent` and `tracestate`.
  public func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let trace = context.traceContext else { return }
    injector.inject(trace.parent, forKey: MessageHeader.traceParent, into: &carrier)
    if let state = trace.state {
      injector.inject(state, forKey: MessageHeader.traceState, into: &carrier)
    }
  }

  // MARK: - Sending

  /// Sends spans until graceful shutdown, and then those that are left.
  public func run() async {
    guard let url = settings.collector else {
      try? await gracefulShutdown()
      return
    }
    let collector = SpanCollector(url: url, timeout: settings.timeout)
    await withGracefulShutdownHandler {
      await send(to: collector)
    } onGracefulShutdown: {
      self.batches.withLock { $0.close() }
      self.signal.raise()
    }
    await collector.close()
  }

  private func send(to collector: SpanCollector) async {
    while true {
      if Task.isCancelled { return batches.withLock { $0.abandon() } }
      let seen = signal.generation
      switch batches.withLock({ $0.next(at: clock.now()) }) {
      case .send(let spans):
        let outcome = await send(spans, to: collector)
        note(outcome, collector)
        batches.withLock { $0.ended(outcome, at: clock.now()) }
      case .wait(let until):
        _ = await clock.wait(milliseconds: max(1, until - clock.now()), or: [(signal, seen)])
      case .rest: await signal.wait(after: seen)
      case .finish: return
      }
    }
  }

  private func send(_ spans: [RecordedSpan], to collector: SpanCollector) async -> ExportOutcome {
    do {
      return await collector.send(try OTLPDocument.bytes(spans, service: settings.service))
    } catch {
      return .refused("the spans cannot be written as JSON: \(error)")
    }
  }

  private func note(_ outcome: ExportOutcome, _ collector: SpanCollector) {
    let wasFailing = isFailing.withLock { state in
      defer { state = outcome.reason != nil }
      return state
    }
    if let reason = outcome.reason, !wasFailing {
      logger.warning(
        "collector takes no spans",
        metadata: ["collector": "\(collector.url)", "reason": "\(reason)"])
    } else if outcome.reason == nil, wasFailing {
      logger.info("collector takes spans again")
    }
  }
}

/// What became of a tracer's spans.
public struct TraceExportStatus: Sendable, Equatable {
  /// Those that the collector took.
  public var exported: Int
  /// Those that were not exported and will not be.
  public var lost: Int
  /// Those that wait, or are under way.
  public var waiting: Int

  /// Creates a status.
  public init(exported: Int, lost: Int, waiting: Int) {
    self.exported = exported
    self.lost = lost
    self.waiting = waiting
  }
}

/// The machine's clock.
public struct ExportClock: MessagingClock {
  /// Creates the clock.
  public init() {}

  /// Milliseconds since 1970-01-01T00:00:00Z.
  public func now() -> Int64 { Int64(DefaultTracerClock.now.millisecondsSinceEpoch) }

  /// Waits.
  public func sleep(milliseconds: Int64) async throws {
    try await Task.sleep(for: .milliseconds(milliseconds))
  }
}

extension RecordedSpan.Kind {
  fileprivate init(_ kind: SpanKind) {
    switch kind {
    case .server: self = .server
    case .client: self = .client
    case .producer: self = .producer
    case .consumer: self = .consumer
    default: self = .inside
    }
  }
}
