// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
internal import ShadowComparison

/// Keeps secrets out of examples: credentials, whatever is called like one, what looks like one.
struct ExampleRedaction: Sendable {
  /// Patterns as those of `redact`: case means nothing, and bare names count wherever they stand.
  private static let names = [
    "**password", "**passwd", "**passphrase", "**secret", "**token", "**apikey", "**api_key",
    "**api-key", "**accesskey", "**access_key", "**privatekey", "**private_key", "**credential",
    "**credentials", "**authorization", "**cookie", "**cookies", "**signature", "**sessionid",
    "**session_id", "**session-id", "**jwt", "**otp", "query:code", "query:key", "query:sig",
  ]
  /// Fields of a request that say nothing about what is asked for.
  private static let besides: Set<String> = [
    "user-agent", "referer", "origin", "date", "dnt", "priority", "upgrade-insecure-requests",
    "traceparent", "tracestate", "baggage", "x-request-id", "x-correlation-id", "forwarded", "via",
    "cache-control", "pragma", "x-real-ip", "x-strangler-shadow", "idempotency-key",
  ]

  private let redaction: Redaction

  init(_ more: [PathPattern]) {
    redaction = Redaction(
      ComparisonRules(redact: Self.names.map { PathPattern($0) } + more))
  }

  /// Whether an example's request may have the field.
  static func isOfRequest(_ name: String) -> Bool {
    let name = name.lowercased()
    return CarriedFields.isReplayed(name) && !besides.contains(name) && !name.hasPrefix("sec-")
      && !name.hasPrefix("x-forwarded-")
  }

  func hides(_ header: ComparedResponse.Header) -> Bool {
    CarriedFields.isCredential(header.name)
      || self.header(header.name, header.value) != header.value
  }

  func header(_ name: String, _ value: String) -> String {
    Self.isSecret(value) ? Redaction.mark : redaction.header(name, value)
  }

  func target(_ target: String) -> String {
    let parts = target.split { "/?&=;".contains($0) }
    return parts.contains { Self.isSecret(String($0)) }
      ? Redaction.mark : redaction.target(target)
  }

  func value(_ value: JSONValue) -> JSONValue {
    Self.withoutSecrets(redaction.value(value, at: .root))
  }

  private static func withoutSecrets(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): isSecret(text) ? .string(Redaction.mark) : value
    case .array(let elements): .array(elements.map(withoutSecrets))
    case .object(let members): .object(members.mapValues(withoutSecrets))
    case .null, .bool, .number: value
    }
  }

  /// A JSON Web Token (RFC 7519), an authorization, or a private key, whatever it is called.
  private static func isSecret(_ text: String) -> Bool {
    if text.contains("PRIVATE KEY-----") { return true }
    let words = text.split(separator: " ")
    if words.count == 2, ["bearer", "basic"].contains(words[0].lowercased()),
      words[1].utf8.count >= 8
    {
      return true
    }
    return words.contains { word in
      let parts = word.split(separator: ".", omittingEmptySubsequences: false)
      // Both begin with `{"` in base64.
      return parts.count == 3 && parts[0].hasPrefix("eyJ") && parts[1].hasPrefix("eyJ")
    }
  }
}
