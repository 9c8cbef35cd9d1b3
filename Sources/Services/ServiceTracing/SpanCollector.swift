// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
package import TraceSpans

/// Posts spans to a collector over OTLP/HTTP in its JSON form.
package struct SpanCollector: Sendable {
  /// Answers that ask for the same batch later, as OTLP names them.
  private static let transient: Set<UInt> = [429, 502, 503, 504]
  /// Most bytes of an answer that are read.
  private static let mostRead = 1 << 16

  package let url: String
  private let timeout: TimeAmount
  private let client: HTTPClient

  /// - Parameter timeout: for one request, in milliseconds.
  package init(url: String, timeout: Int64) {
    self.url = url
    self.timeout = .milliseconds(timeout)
    var configuration = HTTPClient.Configuration()
    // Spans of the sending of spans would never end.
    configuration.tracing.tracer = nil
    client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  /// Ends its connections.
  package func close() async { try? await client.shutdown() }

  /// Sends a whole document once.
  package func send(_ document: some Sequence<UInt8> & Sendable) async -> ExportOutcome {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: document))
    do {
      let response = try await client.execute(request, timeout: timeout)
      let body = try? await response.body.collect(upTo: Self.mostRead)
      if (200..<300).contains(response.status.code) {
        return .taken(refused: body.map(Self.refused) ?? 0)
      }
      if Self.transient.contains(response.status.code) {
        let seconds = response.headers.first(name: "retry-after").flatMap { Int64($0) }
        return .unavailable("\(response.status)", retryAfter: seconds.map { max(0, $0) * 1_000 })
      }
      return .refused("\(response.status)")
    } catch {
      return .unavailable("\(error)", retryAfter: nil)
    }
  }

  private struct Answer: Decodable {
    struct PartialSuccess: Decodable {
      let rejectedSpans: Count?
    }
    /// A text, as 64-bit numbers are in the JSON form of Protocol Buffers, or a number.
    struct Count: Decodable {
      let value: Int

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          value = Int(text) ?? 0
        } else {
          value = try container.decode(Int.self)
        }
      }
    }
    let partialSuccess: PartialSuccess?
  }

  /// Spans that the collector says it did not take of a document that it took.
  private static func refused(_ body: ByteBuffer) -> Int {
    let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
    return answer?.partialSuccess?.rejectedSpans?.value ?? 0
  }
}
