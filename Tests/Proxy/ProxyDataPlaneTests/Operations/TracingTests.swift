// SPDX-License-Identifier: Apache-2.0

import Foundation
import RoutingDecisions
import ShadowComparison
import Synchronization
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
        #expect(spans.count == 0 || spans.count == 2)
        return (
          text.split(separator: "\n").map(String.init), String(decoding: spans.bytes, as: UTF8.self)
        )
      }
    }
  }

  /// The id of the span that has a parent.
  private static func id(of spans: String, below parent: String) -> Substring? {
    guard let end = spans.range(of: #"","parentSpanId":"\#(parent)""#) else { return nil }
    return spans[..<end.lowerBound].suffix(16)
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
    // The upstream is told the span of the try, whose parent is that of the request.
    let span = try #require(Self.id(of: spans, below: "b7ad6b7169203331"))
    #expect(span != own[2])
    #expect(spans.contains(#""spanId":"\#(own[2])","parentSpanId":"\#(span)""#))
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
        let span = try #require(Self.id(of: spans, below: "b7ad6b7169203331"))
        #expect(spans.contains(#""spanId":"\#(own[2])","parentSpanId":"\#(span)""#))
        #expect(spans.contains(#"{"key":"url.scheme","value":{"stringValue":"https"}}"#))
        #expect(spans.contains(#"{"key":"network.protocol.version","value":{"stringValue":"2"}}"#))
      }
    }
  }

  @Test("Each try at an upstream is a span that this upstream is told, and says how it went")
  func tries() async throws {
    let told = Told()
    let deafOnce: Origin.Behaviour = { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        told.parents.withLock { $0 += request.values("traceparent") }
        if requests.value == 1 { return }
        try await connection.send("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
      }
    }
    try await Origin.run(deafOnce) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.tracing = exporting
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.status == 404)
        }
        let taken = proxy.server.takeSpans()
        let spans = String(decoding: taken.bytes, as: UTF8.self).split(separator: "},{\"traceId")
        #expect(taken.count == 3 && spans.count == 3)
        let ids = told.parents.withLock { $0.map { $0.split(separator: "-")[2] } }
        #expect(ids.count == 2 && Set(ids).count == 2)
        let tries = ids.compactMap { id in spans.first { $0.contains(#""spanId":"\#(id)""#) } }
        try #require(tries.count == 2)
        #expect(tries[0].contains(#""error.type","value":{"stringValue":"closed-before-"#))
        #expect(!tries[0].contains("resend_count") && !tries[0].contains("status_code"))
        #expect(tries[1].contains(#""http.request.resend_count","value":{"intValue":"1"}"#))
        #expect(tries[1].contains(#""http.response.status_code","value":{"intValue":"404"}"#))
        for span in tries {
          #expect(span.contains(#""kind":3,"#) && span.contains(#""status":{"code":2}"#))
          #expect(span.contains(#""server.port","value":{"intValue":"\#(origin.port)"}"#))
        }
      }
    }
  }

  private final class Told: Sendable {
    let parents = Mutex<[String]>([])
  }

  @Test("A shadow's copy has a span of its own below that of the request, and is told it")
  func shadows() async throws {
    let (legacy, extracted) = (Received(), Received())
    try await Origin.run(legacy.saying("old")) { old in
      try await Origin.run(extracted.saying("new")) { new in
        var configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration(mode: .mirror))
        configuration.tracing = exporting
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(
              "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: \(Self.parent)\r\n\r\n")
            #expect(try await client.message()?.text == "old")
          }
          try await proxy.waits { $0.sent == 1 }
          let taken = proxy.server.takeSpans()
          let spans = String(decoding: taken.bytes, as: UTF8.self)
          #expect(taken.count == 3)
          let span = try #require(Self.id(of: spans, below: "b7ad6b7169203331"))
          let copy = try #require(extracted.all.first?.value("traceparent")).split(separator: "-")
          let original = try #require(legacy.all.first?.value("traceparent")).split(separator: "-")
          #expect(copy[1] == original[1] && copy[2] != original[2] && copy[3] == "01")
          for own in [copy, original] {
            #expect(spans.contains(#""spanId":"\#(own[2])","parentSpanId":"\#(span)""#))
          }
          #expect(spans.contains(#""name":"shadow","kind":3"#))
          #expect(spans.contains(#""strangler.shadow","value":{"stringValue":"mirror"}"#))
        }
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
    // The try's is the only one that has a parent.
    #expect(spans.split(separator: "parentSpanId").count == 2)
    var unsampled = exporting
    unsampled.sample = 0
    let without = try await trace(fields, unsampled)
    #expect(without.told.first?.hasSuffix("-00") == true)
    #expect(without.spans == "")
  }
}
