// SPDX-License-Identifier: Apache-2.0

/// A span as a collector was told it.
package struct CollectedSpan: Sendable, Equatable, CustomStringConvertible {
  package var service: String
  package var trace: String
  package var id: String
  package var parent: String?
  package var state: String?
  package var flags: Int
  package var name: String
  /// As OTLP numbers them: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
  package var kind: Int
  package var start: UInt64
  package var end: UInt64
  /// Values as texts.
  package var attributes: [String: String]
  /// Names of what happened within it.
  package var events: [String]
  package var isError: Bool

  package var description: String { "\(service): \(name)" }
}

/// One request to a collector: the parts of OTLP/HTTP JSON that it insists on.
struct ExportDocument: Decodable {
  struct ResourceSpans: Decodable {
    let resource: Resource
    let scopeSpans: [ScopeSpans]
  }
  struct Resource: Decodable { let attributes: [Attribute] }
  struct ScopeSpans: Decodable { let spans: [Span] }
  struct Span: Decodable {
    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let traceState: String?
    let flags: Int
    let name: String
    let kind: Int
    let startTimeUnixNano: String
    let endTimeUnixNano: String
    let attributes: [Attribute]
    let events: [Event]?
    let status: Status
  }
  struct Event: Decodable {
    let name: String
    let timeUnixNano: String
  }
  struct Status: Decodable { let code: Int? }
  struct Attribute: Decodable {
    struct Value: Decodable {
      let stringValue: String?
      let intValue: String?
      let doubleValue: Double?
      let boolValue: Bool?

      var text: String {
        stringValue ?? intValue ?? doubleValue.map { "\($0)" } ?? boolValue.map { "\($0)" } ?? ""
      }
    }
    let key: String
    let value: Value
  }
  let resourceSpans: [ResourceSpans]

  var spans: [CollectedSpan] {
    var spans: [CollectedSpan] = []
    for resource in resourceSpans {
      let service = resource.resource.attributes.first { $0.key == "service.name" }?.value.text
      for span in resource.scopeSpans.flatMap(\.spans) {
        spans.append(CollectedSpan(span, of: service ?? ""))
      }
    }
    return spans
  }
}

extension CollectedSpan {
  fileprivate init(_ span: ExportDocument.Span, of service: String) {
    self.service = service
    trace = span.traceId
    id = span.spanId
    parent = span.parentSpanId
    state = span.traceState
    flags = span.flags
    name = span.name
    kind = span.kind
    start = UInt64(span.startTimeUnixNano) ?? 0
    end = UInt64(span.endTimeUnixNano) ?? 0
    attributes = [:]
    for attribute in span.attributes { attributes[attribute.key] = attribute.value.text }
    events = span.events?.map(\.name) ?? []
    isError = span.status.code == 2
  }
}
