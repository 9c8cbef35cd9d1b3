// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Lines of the access log: one JSON object each.
enum LogLine {
  /// What a request's head says.
  static func members(
    _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage,
    _ client: UnsafeRawBufferPointer, _ context: TraceContext?, isSecure: Bool,
    includesQuery: Bool
  ) -> JSONBytes {
    var json = members(client)
    json.raw(isSecure ? ",\"scheme\":\"https\"" : ",\"scheme\":\"http\"")
    json.raw(",\"protocol\":\"HTTP/")
    json.raw(head.facts.versionName)
    json.raw("\"")
    json.raw(",\"method\":")
    json.text(bytes[head.method])
    json.raw(",\"target\":")
    json.text(bytes[includesQuery ? head.target : head.path])
    json.raw(",\"host\":")
    json.text(bytes[head.authority])
    storage.withFirstField(named: "user-agent", of: bytes) { value in
      json.raw(",\"user_agent\":")
      json.text(value)
    }
    storage.withFirstField(named: "x-request-id", of: bytes) { value in
      json.raw(",\"request_id\":")
      json.text(value)
    }
    if let context {
      json.raw(",\"traceparent\":")
      context.value.withUnsafeBytes { json.text($0) }
    } else {
      storage.withFirstField(named: TraceContext.fieldName, of: bytes) { value in
        json.raw(",\"traceparent\":")
        json.text(value)
      }
    }
    return json
  }

  /// What is known of a request without a head.
  static func members(_ client: UnsafeRawBufferPointer) -> JSONBytes {
    var json = JSONBytes()
    json.raw(",\"client\":")
    json.text(client)
    return json
  }

  /// The whole line; `startedAt` is nanoseconds since 1970.
  static func line(
    _ request: ObservedRequest, _ members: JSONBytes, _ summary: ExchangeSummary,
    at startedAt: UInt64
  ) -> [UInt8] {
    var json = JSONBytes()
    json.raw("{\"time\":")
    json.time(startedAt)
    if let route = summary.route {
      json.raw(",\"route\":")
      json.text(route)
      json.raw(",\"side\":")
      json.text(summary.side)
    }
    if summary.bucket >= 0 {
      json.raw(",\"bucket\":")
      json.number(UInt64(summary.bucket))
    }
    if let upstream = summary.upstream {
      json.raw(",\"upstream\":")
      json.text(upstream)
    }
    json.raw(",\"status\":")
    json.number(UInt64(summary.status))
    if let reason = request.reason {
      json.raw(",\"reason\":")
      json.text(reason)
    }
    json.raw(",\"duration_ms\":")
    json.milliseconds(summary.duration)
    if request.respondedAt > summary.startedAt {
      json.raw(",\"response_ms\":")
      json.milliseconds(request.respondedAt - summary.startedAt)
    }
    json.raw(",\"bytes_received\":")
    json.number(UInt64(request.received))
    json.raw(",\"bytes_sent\":")
    json.number(UInt64(request.sent))
    json.raw(",\"retries\":")
    json.number(UInt64(request.retries))
    json.raw(summary.fellBack ? ",\"fallback\":true" : ",\"fallback\":false")
    if let breaker = summary.breaker {
      json.raw(",\"breaker\":\"")
      json.raw(breaker)
      json.raw("\"")
    }
    json.raw(members)
    json.raw("}\n")
    return json.bytes
  }
}
