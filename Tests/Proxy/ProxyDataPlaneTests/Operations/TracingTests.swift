// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@testable import ProxyDataPlane

@Suite("Tracing", .everyTransport, .timeLimit(.minutes(1)))
struct TracingTests {
  private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  /// Echoes the trace fields that came to the origin, one a line.
  private static let echoing = Origin.answering { request in
    let fields = request.values("traceparent") + request.values("tracestate")
    let text = fields.joined(separator: "\n")
    return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
  }

  /// What the origin was told, and the spans that were recorded.
  private func trace(
    _ fields: String, _ tracing: TracingConfiguration?
  ) async throws -> (told: [String], spans: String) {
    try await Origin.run(Self.echoing) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.tracing = tracing
      return try await RunningProxy.run(configuration) { proxy in
        let text = try await Loopback.connect(proxy.port) { client in
          try await client.send("GET /a?b HTTP/1.1\r\nHost: shop\r\n\(fields)\r\n")
          return try await client.message()?.text ?? ""
        }
        let spans = proxy.server.takeSpans()
        #expect(spans.count <= 1)
        return (
          text.split(separator: "\n").map(String.init), String(decoding: spans.bytes, as: UTF8.self)
        )
      }
    }
  }

  private let exporting = TracingConfiguration(collector: "http://127.0.0.1:4318/v1/traces")

  @Test("Without tracing both fields pass as they came, even broken")
  func off() async throws {
    let fields = "Traceparent: \(Self.parent)\r\nTracestate: a=b\r\n"
    #expect(try await trace(fields, nil).told == [Self.parent, "a=b"])
    #expect(try await trace("traceparent: nonsense\r\n", nil).told == ["nonsense"])
  }

  @Test("A caller's trace goes on with a span of our own")
  func goesOn() async throws {
    let fields = "TraceParent: \(Self.parent)\r\ntracestate: a=b\r\n"
    let (told, spans) = try await trace(fields, exporting)
    #expect(told.count == 2)
    #expect(told.last == "a=b")
    let own = try #require(told.first).split(separator: "-")
    #expect(own.count == 4)
    #expect(own[1] == "0af7651916cd43dd8448eb211c80319c")
    #expect(own[2] != "b7ad6b7169203331")
    #expect(own[3] == "01")
    #expect(spans.contains(#""spanId":"\#(own[2])","parentSpanId":"b7ad6b7169203331""#))
    #expect(spans.contains(#"{"key":"url.path","value":{"stringValue":"/a"}}"#))
    #expect(spans.contains(#"{"key":"url.scheme","value":{"stringValue":"http"}}"#))
    #expect(spans.contains(#"{"key":"network.protocol.version","value":{"stringValue":"1.1"}}"#))
    #expect(spans.contains(#"{"key":"http.response.status_code","value":{"intValue":"200"}}"#))
    #expect(spans.contains(#"{"key":"strangler.side","value":{"stringValue":"legacy"}}"#))
  }

  @Test("A stream of HTTP/2 over TLS is a span of https and 2")
  func streams() async throws {
    let world = try TLSWorld()
    let tls = try TLSClientContext(
      UpstreamTLS(ca: world.authority.file), protocols: [.http2], key: "client")
    try await Origin.run(Self.echoing) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      configuration.tracing = exporting
      try await RunningProxy.run(configuration) { proxy in
        let told = try await Loopback.connect(proxy.port, tls: tls) { connection in
          let client = try HTTP2Client(connection)
          let call = try client.call("/a", [("traceparent", Self.parent)])
          try await client.answer(to: call)
          return call.text
        }
        let own = told.split(separator: "-")
        #expect(own.count == 4 && own[1] == "0af7651916cd43dd8448eb211c80319c")
        let spans = String(decoding: proxy.server.takeSpans().bytes, as: UTF8.self)
        #expect(spans.contains(#""spanId":"\#(own[2])","parentSpanId":"b7ad6b7169203331""#))
        #expect(spans.contains(#"{"key":"url.scheme","value":{"stringValue":"https"}}"#))
        #expect(spans.contains(#"{"key":"network.protocol.version","value":{"stringValue":"2"}}"#))
      }
    }
  }

  @Test("A trace that is not recorded goes on and leaves no span")
  func notSampled() async throws {
    let (told, spans) = try await trace(
      "traceparent: \(Self.parent.dropLast())0\r\n", exporting)
    #expect(told.first?.hasSuffix("-00") == true)
    #expect(told.first?.contains("b7ad6b7169203331") == false)
    #expect(spans == "")
  }

  @Test(
    "Without a usable one a trace begins here, and the state of the other is dropped",
    arguments: [
      "", "traceparent: nonsense\r\n", "traceparent: \(parent)\r\ntraceparent: \(parent)\r\n",
    ]
  )
  func begins(_ fields: String) async throws {
    let (told, spans) = try await trace(fields + "tracestate: a=b\r\n", exporting)
    #expect(told.count == 1)
    let own = try #require(told.first)
    #expect(own.hasPrefix("00-") && own.hasSuffix("-01"))
    #expect(!own.contains("0af7651916cd43dd8448eb211c80319c"))
    #expect(!spans.contains("parentSpanId"))
    var unsampled = exporting
    unsampled.sample = 0
    let without = try await trace(fields, unsampled)
    #expect(without.told.first?.hasSuffix("-00") == true)
    #expect(without.spans == "")
  }
}
