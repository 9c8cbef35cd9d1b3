// SPDX-License-Identifier: Apache-2.0

import Testing
import TraceSpans
import TransactionalMessaging

@Suite("OTLP in JSON") struct OTLPDocumentTests {
  private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private func span() throws -> RecordedSpan {
    let context = try #require(TraceContext(parent: Self.parent, state: "a=1"))
    return RecordedSpan(
      context: context, parent: "b7ad6b7169203331", name: "GET /x", kind: .server,
      start: 1_700_000_000_000_000_001, end: 1_700_000_000_000_000_009)
  }

  private func text(_ span: RecordedSpan) throws -> String {
    String(decoding: try OTLPDocument.bytes([span], service: "shop \"1\""), as: UTF8.self)
  }

  @Test("Ids are hexadecimal, kinds and codes are numbers, 64-bit numbers are texts")
  func whole() throws {
    var span = try span()
    span.attributes = [
      .init("a", .text("\"ü\"")), .init("b", .number(-5)), .init("c", .fraction(0.5)),
      .init("d", .truth(false)), .init("e", .list([.number(1), .number(2)])),
      .init("f", .fraction(.infinity)),
    ]
    span.events = [.init(name: "exception", time: 7, attributes: [.init("k", .text("v"))])]
    span.links = [.init(context: span.context, attributes: [])]
    span.status = .failed
    span.message = "no"
    let expected =
      #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":"#
      + #"{"stringValue":"shop \"1\""}}]},"scopeSpans":[{"scope":{"name":"strangler"},"#
      + #""spans":[{"attributes":[{"key":"a","value":{"stringValue":"\"ü\""}},"#
      + #"{"key":"b","value":{"intValue":"-5"}},{"key":"c","value":{"doubleValue":0.5}},"#
      + #"{"key":"d","value":{"boolValue":false}},"#
      + #"{"key":"e","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},"#
      + #"{"key":"f","value":{"doubleValue":"Infinity"}}],"endTimeUnixNano":"#
      + #""1700000000000000009","events":[{"attributes":[{"key":"k","value":{"stringValue":"v"}}]"#
      + #","name":"exception","timeUnixNano":"7"}],"flags":1,"kind":2,"links":["#
      + #"{"attributes":[],"spanId":"00f067aa0ba902b7","traceId":"#
      + #""4bf92f3577b34da6a3ce929d0e0e4736","traceState":"a=1"}],"name":"GET /x","#
      + #""parentSpanId":"b7ad6b7169203331","spanId":"00f067aa0ba902b7","startTimeUnixNano":"#
      + #""1700000000000000001","status":{"code":2,"message":"no"},"traceId":"#
      + #""4bf92f3577b34da6a3ce929d0e0e4736","traceState":"a=1"}]}]}]}"#
    #expect(try text(span) == expected)
  }

  @Test("What is more than a span may have is counted")
  func bounded() throws {
    var span = try span()
    span.attributes = (0..<130).map { .init("k\($0)", .number(Int64($0))) }
    let text = try text(span)
    #expect(text.contains(#""droppedAttributesCount":2"#))
    #expect(text.contains(#""key":"k127""#) && !text.contains(#""key":"k128""#))
    #expect(!text.contains("droppedEventsCount"))
  }
}
