// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
package import ServiceTracing
import Synchronization
package import TraceSpans
import TransactionalMessaging

/// A collector on loopback that keeps the spans it is sent.
package final class TraceCollector: Sendable {
  private struct State {
    var spans: [CollectedSpan] = []
    var requests = 0
    var answers: [HTTPResponse.Status]
    var task: Task<Void, any Error>?
    var port = 0
  }

  private static let mostRead = 4 << 20

  private let state: Mutex<State>
  private let arrived = WakeSignal()

  private init(_ answers: [HTTPResponse.Status]) { state = Mutex(State(answers: answers)) }

  /// Starts one.
  ///
  /// - Parameter answers: to the first requests, in that order; every other one is taken.
  package static func start(
    answering answers: [HTTPResponse.Status] = []
  ) async throws -> TraceCollector {
    let collector = TraceCollector(answers)
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    router.post("/v1/traces") { [weak collector] request, _ -> Response in
      guard let collector else { return Response(status: .serviceUnavailable) }
      let body = try await request.body.collect(upTo: Self.mostRead)
      return Response(status: try collector.take(body))
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { listening.yield($0.localAddress?.port ?? 0) },
      logger: Logger(label: "collector") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { try await application.runService(gracefulShutdownSignals: []) }
    let port = await ports.first { _ in true } ?? 0
    collector.state.withLock { state in
      state.task = task
      state.port = port
    }
    return collector
  }

  private func take(_ body: ByteBuffer) throws -> HTTPResponse.Status {
    let document = try JSONDecoder().decode(
      ExportDocument.self, from: Data(body.readableBytesView))
    let status = state.withLock { state in
      state.requests += 1
      let status = state.answers.isEmpty ? .ok : state.answers.removeFirst()
      if status == .ok { state.spans += document.spans }
      return status
    }
    arrived.raise()
    return status
  }

  deinit { state.withLock { $0.task?.cancel() } }

  /// Ends it.
  package func stop() async {
    let task = state.withLock(\.task)
    task?.cancel()
    _ = await task?.result
  }

  /// The base of its address, such as OpenTelemetry's variables take it.
  package var base: String { "http://127.0.0.1:\(state.withLock(\.port))" }
  /// Where spans go.
  package var url: String { base + "/v1/traces" }
  /// Spans that it took.
  package var spans: [CollectedSpan] { state.withLock(\.spans) }
  /// Requests that came.
  package var requests: Int { state.withLock(\.requests) }

  /// Returns once the spans are as they should be; bound it with the test's time limit.
  package func has(_ isThere: ([CollectedSpan]) -> Bool) async {
    while case let seen = arrived.generation, !isThere(spans) { await arrived.wait(after: seen) }
  }

  /// Runs a tracer while the body runs, and everything is sent that it recorded.
  package func tracing<Value: Sendable>(
    _ settings: TracingSettings, _ body: (ServiceTracer) async throws -> Value
  ) async throws -> Value {
    let logger = Logger(label: "tracer") { _ in SwiftLogNoOpLogHandler() }
    let tracer = ServiceTracer(settings, logger: logger)
    let group = ServiceGroup(services: [tracer], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let result: Result<Value, any Error>
      do {
        result = .success(try await body(tracer))
      } catch {
        result = .failure(error)
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return try result.get()
    }
  }
}

/// The spans that a tracer records while the body runs.
package func spans(
  of service: String, _ body: (ServiceTracer) async throws -> Void
) async throws -> [CollectedSpan] {
  let collector = try await TraceCollector.start()
  try await collector.tracing(
    TracingSettings(collector: collector.url, service: service), body)
  await collector.stop()
  return collector.spans
}
