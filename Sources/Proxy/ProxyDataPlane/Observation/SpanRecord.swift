// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

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

  /// A span and a comma; `startedAt` is nanoseconds since 1970.
  static func json(
    _ request: ObservedRequest, _ attributes: JSONBytes, _ context: TraceContext,
    _ summary: ExchangeSummary, at startedAt: UInt64
  ) -> [UInt8] {
    var json = JSONBytes(capacity: 1024)
    json.raw("{\"traceId\":\"")
    json.hexadecimal(context.trace.high, digits: 16)
    json.hexadecimal(context.trace.low, digits: 16)
    json.raw("\",\"spanId\":\"")
    json.hexadecimal(context.span, digits: 16)
    if let parent = request.parent {
      json.raw("\",\"parentSpanId\":\"")
      json.hexadecimal(parent, digits: 16)
    }
    json.raw("\",\"flags\":")
    json.number(UInt64(context.flags))
    json.raw(",\"name\":")
    json.text(summary.route ?? "(no route)")
    // 2 is a server's span.
    json.raw(",\"kind\":2,\"startTimeUnixNano\":\"")
    json.number(startedAt)
    json.raw("\",\"endTimeUnixNano\":\"")
    json.number(startedAt &+ summary.duration)
    json.raw("\",\"attributes\":[")
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
    // 2 is an error: the server failed, or the client left.
    let isError = summary.status == 0 || summary.status >= 500
    json.raw(isError ? "],\"status\":{\"code\":2}}," : "],\"status\":{}},")
    return json.bytes
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
