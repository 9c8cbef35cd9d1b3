// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Logging
import ServiceTracing
import Testing
import TraceCollecting
import TracePropagation
import TraceSpans
import Tracing
import TransactionalMessaging

@Suite("A service's spans", .timeLimit(.minutes(1)))
struct ServiceTracerTests {
  private struct Broken: Error {}

  private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  private let logger = Logger(label: "tracer") { _ in SwiftLogNoOpLogHandler() }

  @Test("Spans within spans reach the collector as one tree")
  func tree() async throws {
    let spans = try await spans(of: "shop") { tracer in
      tracer.withSpan("a", ofKind: .server) { span in
        span.attributes["n"] = 3
        tracer.withSpan("b") { _ in }
        try? tracer.withSpan("c", ofKind: .client) { _ in throw Broken() }
      }
    }
    let tree = TraceTree(spans)
    #expect(tree.problems == [])
    #expect(tree.outline == "shop: a\n  shop: b\n  shop: c")
    let first = spans.first { $0.name == "a" }
    #expect(first?.kind == 2 && first?.attributes == ["n": "3"] && first?.isError == false)
    let failed = spans.first { $0.name == "c" }
    #expect(failed?.kind == 3 && failed?.isError == true && failed?.events == ["exception"])
  }

  @Test("A caller's trace goes on with its state, and a broken one begins anew")
  func propagation() async throws {
    let spans = try await spans(of: "shop") { tracer in
      let caller = TraceContext(parent: Self.parent, state: "a=1,b=2")
      let span = tracer.startSpan("goes on", context: tracer.serviceContext(caller))
      let told = try #require(tracer.traceContext(span.context))
      #expect(told.trace == caller?.trace && told.span != caller?.span)
      #expect(told.state == "a=1,b=2" && told.isSampled)
      span.end()
      // Twice the end is one end.
      span.end()
      for broken in ["", "nonsense", Self.parent + "-more", "ff" + Self.parent.dropFirst(2)] {
        var context = ServiceContext.topLevel
        tracer.extract(
          ["traceparent": broken, "tracestate": "a=1"], into: &context, using: Headers())
        let span = tracer.startSpan("anew", context: context)
        let told = try #require(tracer.traceContext(span.context))
        #expect(told.trace != caller?.trace && told.state == nil)
        span.end()
      }
    }
    #expect(spans.map(\.name) == ["goes on", "anew", "anew", "anew", "anew"])
    #expect(spans[0].parent == "00f067aa0ba902b7" && spans[0].state == "a=1,b=2")
    #expect(Set(spans.map(\.trace)).count == 5)
    for span in spans.dropFirst() { #expect(TraceTree([span]).problems == []) }
  }

  private struct Headers: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
  }

  @Test("A trace that is not recorded goes on and leaves no span")
  func unrecorded() async throws {
    let spans = try await spans(of: "shop") { tracer in
      let caller = TraceContext(parent: Self.parent.dropLast() + "0")
      let span = tracer.startSpan("silent", context: tracer.serviceContext(caller))
      #expect(!span.isRecording)
      let told = try #require(tracer.traceContext(span.context))
      #expect(told.trace == caller?.trace && told.span != caller?.span && !told.isSampled)
      span.addEvent("nobody hears it")
      span.end()
    }
    #expect(spans == [])
  }

  @Test("Without a collector ids are passed on and nothing waits")
  func noCollector() {
    let tracer = ServiceTracer(
      TracingSettings(collector: nil, service: "shop"), logger: logger)
    let span = tracer.startSpan("a", context: .topLevel)
    #expect(tracer.traceContext(span.context) != nil)
    span.end()
    #expect(tracer.status == TraceExportStatus(exported: 0, lost: 0, waiting: 0))
  }

  @Test("A batch is sent once more when the collector asks for it, and lost when it refuses")
  func failures() async throws {
    let patient = try await TraceCollector.start(answering: [.serviceUnavailable])
    let status = try await record(2, patient)
    #expect(status == TraceExportStatus(exported: 2, lost: 0, waiting: 0))
    #expect(patient.spans.count == 2 && patient.requests == 2)
    await patient.stop()
    let refusing = try await TraceCollector.start(answering: [.badRequest])
    let lost = try await record(2, refusing)
    #expect(lost == TraceExportStatus(exported: 0, lost: 2, waiting: 0))
    #expect(refusing.spans == [] && refusing.requests == 1)
    await refusing.stop()
  }

  private func record(_ count: Int, _ collector: TraceCollector) async throws -> TraceExportStatus {
    // Only the end sends.
    var settings = TracingSettings(collector: collector.url, service: "shop")
    settings.interval = 1_000_000
    let tracer = try await collector.tracing(settings) { tracer in
      for _ in 0..<count { tracer.startSpan("a", context: .topLevel).end() }
      return tracer
    }
    return tracer.status
  }

  @Test("A collector that is not there costs spans and no time of those who make them")
  func bounded() {
    var settings = TracingSettings(collector: "http://127.0.0.1:1/v1/traces", service: "shop")
    settings.waiting = 10
    let tracer = ServiceTracer(settings, logger: logger)
    for _ in 0..<25 { tracer.startSpan("a", context: .topLevel).end() }
    #expect(tracer.status == TraceExportStatus(exported: 0, lost: 15, waiting: 10))
  }
}
