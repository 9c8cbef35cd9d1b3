// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// Requests that come near a configuration's routes: paths with characters encoded or not, hosts in
/// any case and with ports, fields that are repeated, empty or left out, and what is refused.
struct RandomRequests {
  private let configuration: ProxyConfiguration
  private var random: SeededRandom

  init(_ configuration: ProxyConfiguration, seed: UInt64) {
    self.configuration = configuration
    random = SeededRandom(seed: seed)
  }

  mutating func next() -> RequestText {
    let match = configuration.routes.randomElement(using: &random)?.match
    let method = one(
      of: (match?.methods ?? []) + ["GET", "GET", "POST", "DELETE", "HEAD", "PURGE"])
    var target = path(match?.path ?? .everything)
    if chance(0.1) { target = spoilt(target) }
    if let query = query(match?.query ?? []) { target += "?" + query }
    let host = host(match?.host)
    if chance(0.03) { target = "http://" + host + target }
    var headers = ["Host: " + host] + fields(match?.headers ?? [])
    if method == "POST" { headers.append("Content-Length: 0") }
    headers.append("X-User-ID: \(Int.random(in: 0..<1000, using: &random))")
    return RequestText("\(method) \(target)", headers: headers)
  }

  private mutating func chance(_ share: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < share
  }

  private mutating func one(of texts: [String]) -> String {
    texts.randomElement(using: &random) ?? ""
  }

  // MARK: - Paths

  private mutating func path(_ template: PathTemplate) -> String {
    var segments = template.segments.map { segment in
      switch segment {
      case .literal(let text): respelt(text)
      case .parameter: parameter()
      }
    }
    if template.takesEverythingBelow {
      segments += (0..<Int.random(in: 0...2, using: &random)).map { _ in parameter() }
    }
    if chance(0.1) { segments.append(chance(0.5) ? "" : parameter()) }
    if chance(0.05), !segments.isEmpty { segments.removeLast() }
    return "/" + segments.joined(separator: "/")
  }

  private mutating func parameter() -> String {
    one(of: [
      "42", "a", "caf%C3%A9", "%c3%a9", "x,y", "x%2Cy", "a%20b", "~", "...", "a;b", "%24", "a+b",
    ])
  }

  /// Unreserved characters may be encoded; digits of escapes may be of either case.
  private mutating func respelt(_ text: String) -> String {
    guard chance(0.3) else { return text }
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "%" {
        let digits = String(rest.prefix(2))
        rest = rest.dropFirst(2)
        result += "%" + (chance(0.5) ? digits.lowercased() : digits)
      } else if chance(0.3), let byte = character.asciiValue {
        let digits = String(byte, radix: 16, uppercase: chance(0.5))
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      } else {
        result.append(character)
      }
    }
    return result
  }

  /// What is refused, and what only looks like it.
  private mutating func spoilt(_ path: String) -> String {
    path
      + one(of: [
        "/../x", "/./", "//", "%2F", "%5c", "\\", "/..;/x", "%00", "%0a", "%zz", "%", "%2",
        "/%2e%2E",
        "/.%3B", "/...", "/.x", "%7F", "/;", "/..", "%25", "'\"`$<>^{|}",
      ])
  }

  // MARK: - The rest

  private mutating func host(_ pattern: HostPattern?) -> String {
    var name = pattern?.name ?? "other.example"
    if pattern?.takesSubdomains == true, chance(0.8) { name = one(of: ["a.", "a.b."]) + name }
    if name.contains(":") { name = "[\(name)]" }
    if chance(0.2) { name = one(of: ["other.example", "example", "x" + name]) }
    if chance(0.3) { name = name.uppercased() }
    if chance(0.1), !name.hasSuffix("]") { name += "." }
    return chance(0.3) ? name + ":8080" : name
  }

  private mutating func fields(_ own: [FieldCondition]) -> [String] {
    let others = configuration.routes.randomElement(using: &random)?.match.headers ?? []
    return (own + others).flatMap { condition -> [String] in
      guard chance(0.8) else { return [] }
      var values: [String] = []
      if case .equals(let value) = condition.requirement, chance(0.8) { values.append(value) }
      if case .present = condition.requirement, chance(0.8) { values.append("anything") }
      if chance(0.1) { values.insert(one(of: ["other", "", "a, b"]), at: 0) }
      let name = chance(0.3) ? condition.name.uppercased() : condition.name
      return values.filter { !$0.utf8.contains { $0 < 0x20 } }.map { "\(name): \($0)" }
    }
  }

  private mutating func query(_ own: [FieldCondition]) -> String? {
    let others = configuration.routes.randomElement(using: &random)?.match.query ?? []
    var parts = (own + others).flatMap { condition -> [String] in
      guard chance(0.8) else { return [] }
      let name = form(condition.name)
      switch condition.requirement {
      case .equals(let value): return [name + "=" + form(chance(0.8) ? value : "other")]
      case .present: return [chance(0.5) ? name : name + "=x"]
      case .absent: return chance(0.3) ? [name + "=x"] : []
      }
    }
    if chance(0.2) {
      parts.insert(one(of: ["a=b", "", "=", "x=a=b", "?", "%zz=1", "/../=//"]), at: 0)
    }
    if chance(0.1), let first = parts.first { parts.append(first + "x") }
    return parts.isEmpty && chance(0.9) ? nil : parts.joined(separator: "&")
  }

  /// Any byte may be encoded; those that would mean something else have to be.
  private mutating func form(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = byte > 0x20 && byte < 0x7F && !"&=+%#?".utf8.contains(byte)
      if byte == 0x20, chance(0.5) { return "+" }
      if isPlain, chance(0.8) { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: chance(0.5))
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }
}

extension RequestText {
  /// As it stands on the wire.
  var head: String {
    ([request + " HTTP/1.1"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
  }

  func values(of name: String) -> [String] {
    headers.compactMap { header in
      guard let colon = header.firstIndex(of: ":"), header[..<colon].lowercased() == name else {
        return nil
      }
      return String(header[header.index(after: colon)...].drop { $0 == " " })
    }
  }
}
