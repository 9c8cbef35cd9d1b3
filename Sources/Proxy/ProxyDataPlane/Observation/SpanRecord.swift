// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// Spans in the JSON form of OTLP, with the attribute names of OpenTelemetry's HTTP conventions.
enum SpanRecord {
  /// What a request's head says, as attributes.
  static func attributes(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    _ client: UnsafeRawBufferPointer, isSecure: Bool
  ) -> JSONBytes {
    var json = JSONBytes()
    text(&json, "http.request.method", bytes[head.method])
    json.raw(",")
    text(&json, "url.path", bytes[head.path])
    json.raw(",")
    text(&json, "url.scheme", isSecure ? "https" : "http")
    json.raw(",")
    text(&json, "network.protocol.version", "\(head.facts.versionName)")
    json.raw(",")
    text(&json, "server.address", bytes[head.authority])
    json.raw(",")
    text(&json, "client.address", client)
    storage.withFirstField(named: "user-agent", of: bytes) { value in
      json.raw(",")
      text(&json, "user_agent.original", value)
    }
    return json
  }

  /// What the span of a try at an upstream says of the request.
  static func asked(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> JSONBytes {
    var json = JSONBytes(capacity: 128)
    text(&json, "http.request.method", bytes[head.method])
    json.raw(",")
    text(&json, "url.path", bytes[head.path])
    return json
  }

  /// The span of a try at an upstream, and a comma.
  static func json(
    _ attempt: UpstreamAttempt, asked: JSONBytes, of request: TraceContext, at startedAt: UInt64,
    lasting duration: UInt64
  ) -> [UInt8] {
    var json = JSONBytes(capacity: 768)
    begin(&json, request.child(attempt.span), parent: request.span)
    json.text(attempt.upstream ?? "upstream")
    times(&json, client, at: startedAt, lasting: duration)
    json.raw(asked)
    peer(&json, attempt.peer)
    if let upstream = attempt.upstream {
      json.raw(",")
      text(&json, "strangler.upstream", upstream)
    }
    if attempt.status > 0 { number(&json, "http.response.status_code", attempt.status) }
    if attempt.resend > 0 { number(&json, "http.request.resend_count", attempt.resend) }
    if let failure = attempt.failure {
      json.raw(",")
      text(&json, "error.type", failure)
    }
    end(&json, isError: attempt.status == 0 || attempt.status >= 400)
    return json.bytes
  }

  /// A span and a comma; `startedAt` is nanoseconds since 1970.
  static func json(
    _ request: ObservedRequest, _ attributes: JSONBytes, _ context: TraceContext,
    _ summary: ExchangeSummary, at startedAt: UInt64
  ) -> [UInt8] {
    var json = JSONBytes(capacity: 1024)
    begin(&json, context, parent: request.parent)
    if request.shadow == nil {
      json.text(summary.route ?? "(no route)")
    } else {
      json.text("shadow")
    }
    times(
      &json, request.shadow == nil ? server : client, at: startedAt, lasting: summary.duration)
    json.raw(attributes)
    if let route = summary.route {
      json.raw(",")
      text(&json, "strangler.route", route)
      json.raw(",")
      text(&json, "strangler.side", summary.side)
    }
    if let upstream = summary.upstream {
      json.raw(",")
      text(&json, "strangler.upstream", upstream)
    }
    if summary.status > 0 { number(&json, "http.response.status_code", summary.status) }
    if request.retries > 0 { number(&json, "http.request.resend_count", request.retries) }
    if let reason = request.reason {
      json.raw(",")
      text(&json, "error.type", reason)
    }
    if let purpose = request.shadow {
      json.raw(",")
      text(&json, "strangler.shadow", purpose)
    }
    if let address = request.peer { peer(&json, address) }
    // The server failed, or the client left; to a client, what it asked wrongly is an error too.
    let least = request.shadow == nil ? 500 : 400
    end(&json, isError: summary.status == 0 || summary.status >= least)
    return json.bytes
  }

  private static let server: StaticString = "2"
  private static let client: StaticString = "3"

  /// Up to the span's name.
  private static func begin(_ json: inout JSONBytes, _ context: TraceContext, parent: UInt64?) {
    json.raw("{\"traceId\":\"")
    json.hexadecimal(context.trace.high, digits: 16)
    json.hexadecimal(context.trace.low, digits: 16)
    json.raw("\",\"spanId\":\"")
    json.hexadecimal(context.span, digits: 16)
    if let parent {
      json.raw("\",\"parentSpanId\":\"")
      json.hexadecimal(parent, digits: 16)
    }
    json.raw("\",\"flags\":")
    json.number(UInt64(context.flags))
    json.raw(",\"name\":")
  }

  /// From behind the name to the first attribute.
  private static func times(
    _ json: inout JSONBytes, _ kind: StaticString, at startedAt: UInt64, lasting duration: UInt64
  ) {
    json.raw(",\"kind\":")
    json.raw(kind)
    json.raw(",\"startTimeUnixNano\":\"")
    json.number(startedAt)
    json.raw("\",\"endTimeUnixNano\":\"")
    json.number(startedAt &+ duration)
    json.raw("\",\"attributes\":[")
  }

  private static func end(_ json: inout JSONBytes, isError: Bool) {
    json.raw(isError ? "],\"status\":{\"code\":2}}," : "],\"status\":{}},")
  }

  private static func peer(_ json: inout JSONBytes, _ address: NetworkAddress) {
    json.raw(",")
    text(&json, "server.address", address.host)
    number(&json, "server.port", address.port)
  }

  private static func text(
    _ json: inout JSONBytes, _ key: StaticString, _ value: UnsafeRawBufferPointer
  ) {
    json.raw("{\"key\":\"")
    json.raw(key)
    json.raw("\",\"value\":{\"stringValue\":")
    json.text(value)
    json.raw("}}")
  }

  private static func text(_ json: inout JSONBytes, _ key: StaticString, _ value: String) {
    var value = value
    value.withUTF8 { text(&json, key, UnsafeRawBufferPointer($0)) }
  }

  /// 64-bit numbers are texts in the JSON form of Protocol Buffers.
  private static func number(_ json: inout JSONBytes, _ key: StaticString, _ value: Int) {
    json.raw(",{\"key\":\"")
    json.raw(key)
    json.raw("\",\"value\":{\"intValue\":\"")
    json.number(UInt64(value))
    json.raw("\"}}")
  }
}
