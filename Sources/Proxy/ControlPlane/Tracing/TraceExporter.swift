// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLifecycle
internal import ServiceTracing
internal import TraceSpans

/// Sends recorded spans to a collector over OTLP/HTTP in its JSON form.
///
/// It is never in a request's way: spans wait in queues with a limit, a batch that the collector
/// does not take is sent once more if the answer allows it and is lost, and counted, after that.
struct TraceExporter: Service {
  /// Time between two batches.
  static let interval = Duration.seconds(1)
  /// Milliseconds that the collector may take for a batch.
  private static let timeout: Int64 = 10_000

  let collector: String
  let serviceName: String
  let proxy: ProxyServer
  let logger: Logger

  func run() async throws {
    let spans = SpanCollector(url: collector, timeout: Self.timeout)
    var isFailing = false
    while !Task.isCancelled {
      // Throws at shutdown, when the last spans are still to come from the drain.
      let isLast = (try? await pause()) == nil
      if isLast { break }
      await send(proxy.takeSpans(), to: spans, &isFailing)
    }
    await send(proxy.takeSpans(), to: spans, &isFailing)
    await spans.close()
  }

  private func pause() async throws {
    try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
  }

  private func send(
    _ spans: (bytes: [UInt8], count: Int), to collector: SpanCollector, _ isFailing: inout Bool
  ) async {
    if spans.count == 0 { return }
    let body = Self.document(spans.bytes, serviceName: serviceName)
    var outcome = await collector.send(body)
    if case .unavailable = outcome { outcome = await collector.send(body) }
    switch outcome {
    case .taken(let refused):
      let lost = min(refused, spans.count)
      proxy.counters.observation.lostSpans(lost)
      proxy.counters.observation.exportedSpans(spans.count - lost)
      if isFailing { logger.info("collector takes spans again") }
      isFailing = false
    case .refused(let reason), .unavailable(let reason, _):
      proxy.counters.observation.lostSpans(spans.count)
      if !isFailing {
        logger.warning(
          "collector takes no spans",
          metadata: ["collector": "\(collector.url)", "reason": "\(reason)"])
      }
      isFailing = true
    }
  }

  /// `spans` has a comma behind each.
  static func document(_ spans: [UInt8], serviceName: String) -> [UInt8] {
    let name = JSONText.encode(serviceName, isPretty: false).dropLast()
    let head =
      #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"#
      + name + #"}}]},"scopeSpans":[{"scope":{"name":"strangler.proxy"},"spans":["#
    return Array(head.utf8) + spans.dropLast() + Array("]}]}]}".utf8)
  }
}
