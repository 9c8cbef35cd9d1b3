// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Spans as one request to a collector: OTLP in the JSON form of Protocol Buffers
/// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
package enum OTLPDocument {
  package static func bytes(_ spans: [RecordedSpan], service: String) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let resource = Resource(attributes: [KeyValue(.init("service.name", .text(service)))])
    let scope = ScopeSpans(scope: Scope(name: "strangler"), spans: spans.map(Span.init))
    return Array(
      try encoder.encode(
        Export(resourceSpans: [ResourceSpans(resource: resource, scopeSpans: [scope])])))
  }

  private struct Export: Encodable {
    let resourceSpans: [ResourceSpans]
  }

  private struct ResourceSpans: Encodable {
    let resource: Resource
    let scopeSpans: [ScopeSpans]
  }

  private struct Resource: Encodable {
    let attributes: [KeyValue]
  }

  private struct ScopeSpans: Encodable {
    let scope: Scope
    let spans: [Span]
  }

  private struct Scope: Encodable {
    let name: String
  }

  private struct Span: Encodable {
    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let traceState: String?
    let flags: Int
    let name: String
    let kind: Int
    let startTimeUnixNano: String
    let endTimeUnixNano: String
    let attributes: [KeyValue]
    let droppedAttributesCount: Int?
    let events: [Event]
    let droppedEventsCount: Int?
    let links: [Link]
    let droppedLinksCount: Int?
    let status: Status

    init(_ span: RecordedSpan) {
      traceId = span.context.trace
      spanId = span.context.span
      parentSpanId = span.parent
      traceState = span.context.state
      flags = span.context.isSampled ? 1 : 0
      name = span.name
      kind = span.kind.rawValue
      startTimeUnixNano = String(span.start)
      endTimeUnixNano = String(span.end)
      let most = RecordedSpan.mostKept
      attributes = span.attributes.prefix(most).map(KeyValue.init)
      droppedAttributesCount = Self.dropped(span.attributes.count)
      events = span.events.prefix(most).map(Event.init)
      droppedEventsCount = Self.dropped(span.events.count)
      links = span.links.prefix(most).map(Link.init)
      droppedLinksCount = Self.dropped(span.links.count)
      status = Status(code: span.status.rawValue, message: span.message)
    }

    private static func dropped(_ count: Int) -> Int? {
      count > RecordedSpan.mostKept ? count - RecordedSpan.mostKept : nil
    }
  }

  private struct Event: Encodable {
    let name: String
    let timeUnixNano: String
    let attributes: [KeyValue]

    init(_ event: RecordedSpan.Event) {
      name = event.name
      timeUnixNano = String(event.time)
      attributes = event.attributes.map(KeyValue.init)
    }
  }

  private struct Link: Encodable {
    let traceId: String
    let spanId: String
    let traceState: String?
    let attributes: [KeyValue]

    init(_ link: RecordedSpan.Link) {
      traceId = link.context.trace
      spanId = link.context.span
      traceState = link.context.state
      attributes = link.attributes.map(KeyValue.init)
    }
  }

  private struct Status: Encodable {
    let code: Int
    let message: String?
  }

  private struct KeyValue: Encodable {
    let key: String
    let value: Value

    init(_ attribute: RecordedSpan.Attribute) {
      key = attribute.key
      value = Value(attribute.value)
    }
  }

  /// The member's name says the type; 64-bit numbers are texts.
  private struct Value: Encodable {
    var stringValue: String?
    var intValue: String?
    var doubleValue: Double?
    var boolValue: Bool?
    var arrayValue: List?

    init(_ value: RecordedSpan.Value) {
      switch value {
      case .text(let text): stringValue = text
      case .number(let number): intValue = String(number)
      case .fraction(let fraction): doubleValue = fraction
      case .truth(let truth): boolValue = truth
      case .list(let values): arrayValue = List(values: values.map(Value.init))
      }
    }
  }

  private struct List: Encodable {
    let values: [Value]
  }
}
