// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLifecycle

/// Sends recorded spans to a collector over OTLP/HTTP in its JSON form.
///
/// It is never in a request's way: spans wait in queues with a limit, a batch that the collector
/// does not take is sent once more if the answer allows it and is lost, and counted, after that.
struct TraceExporter: Service {
  /// Time between two batches.
  static let interval = Duration.seconds(1)
  /// How long the collector may take for a batch.
  static let timeout = TimeAmount.seconds(10)
  /// Answers that ask for the same batch later, as OTLP names them.
  private static let transient: Set<UInt> = [429, 502, 503, 504]

  let collector: String
  let serviceName: String
  let proxy: ProxyServer
  let logger: Logger

  func run() async throws {
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
    var isFailing = false
    while !Task.isCancelled {
      // Throws at shutdown, when the last spans are still to come from the drain.
      let isLast = (try? await pause()) == nil
      if isLast { break }
      await send(proxy.takeSpans(), client, &isFailing)
    }
    await send(proxy.takeSpans(), client, &isFailing)
    try? await client.shutdown()
  }

  private func pause() async throws {
    try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
  }

  private func send(
    _ spans: (bytes: [UInt8], count: Int), _ client: HTTPClient, _ isFailing: inout Bool
  ) async {
    if spans.count == 0 { return }
    let body = Self.document(spans.bytes, serviceName: serviceName)
    var failure = await attempt(body, client)
    if failure?.isTransient == true { failure = await attempt(body, client) }
    if let failure {
      proxy.counters.observation.lostSpans(spans.count)
      if !isFailing {
        logger.warning(
          "collector takes no spans",
          metadata: ["collector": "\(collector)", "reason": "\(failure.reason)"])
      }
    } else {
      proxy.counters.observation.exportedSpans(spans.count)
      if isFailing { logger.info("collector takes spans again") }
    }
    isFailing = failure != nil
  }

  private struct Failure {
    let reason: String
    let isTransient: Bool
  }

  private func attempt(_ body: ByteBuffer, _ client: HTTPClient) async -> Failure? {
    var request = HTTPClientRequest(url: collector)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(body)
    do {
      let response = try await client.execute(request, timeout: Self.timeout)
      _ = try? await response.body.collect(upTo: 1 << 16)
      if (200..<300).contains(response.status.code) { return nil }
      return Failure(
        reason: "\(response.status)", isTransient: Self.transient.contains(response.status.code))
    } catch {
      return Failure(reason: "\(error)", isTransient: true)
    }
  }

  /// `spans` has a comma behind each.
  static func document(_ spans: [UInt8], serviceName: String) -> ByteBuffer {
    let name = JSONText.encode(serviceName, isPretty: false).dropLast()
    var body = ByteBuffer()
    body.writeString(
      #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"#
        + name + #"}}]},"scopeSpans":[{"scope":{"name":"strangler.proxy"},"spans":["#)
    body.writeBytes(spans.dropLast())
    body.writeString("]}]}]}")
    return body
  }
}
