// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Two versions of an API, as clients of the older one meet the newer.
package struct APIComparison {
  let old: APIDocument
  let new: APIDocument
  var requests: SchemaComparison
  var responses: SchemaComparison
  private var found: APIChanges
  /// Longest place within a value that is told, in bytes.
  private static let pathBytes = 300

  /// All that changed.
  package static func report(
    old: APIDocument, new: APIDocument, accepted: [AcceptedChange] = []
  ) -> APIChangeReport {
    var comparison = APIComparison(old, new, accepted)
    let operations = old.operations
    comparison.compareServers()
    comparison.compare(operations, new.operations)
    return APIChangeReport(comparison.found.all, operations: operations.count)
  }

  private init(_ old: APIDocument, _ new: APIDocument, _ accepted: [AcceptedChange]) {
    found = APIChanges(accepted: accepted)
    self.old = old
    self.new = new
    let same = UnchangedSchemas(old, new)
    requests = SchemaComparison(old: old, new: new, same: same, direction: .request)
    responses = SchemaComparison(old: old, new: new, same: same, direction: .response)
  }

  /// Adds a change, with the place in a document where it can be seen.
  mutating func add(
    _ rule: String, _ severity: APIChange.Severity, _ operation: String?, _ place: String,
    _ side: APIChange.Side, _ node: APINode, _ message: String, _ effect: String
  ) {
    found.add(
      APIChange(
        rule: rule, severity: severity, operations: operation.map { [$0] } ?? [], place: place,
        side: side, pointer: node.pointer, message: message, effect: effect))
  }

  /// Adds what a comparison of schemas found.
  mutating func add(
    _ changes: [SchemaChange], _ direction: ValueDirection, of subject: String, _ place: String,
    _ operation: String
  ) {
    for change in changes {
      let isLong = change.path.utf8.count > Self.pathBytes
      let path =
        isLong
        ? String(decoding: change.path.utf8.prefix(Self.pathBytes), as: UTF8.self) + "…"
        : change.path
      found.add(
        APIChange(
          rule: change.rule(of: subject, in: direction), severity: change.severity,
          operations: [operation], place: place + (path.isEmpty ? "" : ": " + path),
          side: change.side, pointer: change.pointer, message: change.message,
          effect: change.effect))
    }
  }

  // MARK: - The whole

  /// Where all addresses differ, clients may ask one where nobody answers.
  private mutating func compareServers() {
    let texts = [old, new].map { document in
      (document.root.member("servers")?.elements ?? []).compactMap { $0.text("url") }
    }
    if let servers = new.root.member("servers") ?? old.root.member("servers"), !texts[0].isEmpty,
      Set(texts[0]).isDisjoint(with: texts[1])
    {
      let isGone = new.root.member("servers") == nil
      add(
        "api-servers-changed", .warning, nil, "", isGone ? .old : .new, servers,
        "the servers were \(texts[0].joined(separator: ", ")) and are "
          + (texts[1].isEmpty ? "not named" : texts[1].joined(separator: ", ")) + " now",
        "a client that has the former address may find nobody there")
    }
    let hooks = [old, new].map { $0.root.member("webhooks") }
    if hooks[0]?.value != hooks[1]?.value, let node = hooks[1] ?? hooks[0] {
      add(
        "webhooks-not-compared", .warning, nil, "", hooks[1] == nil ? .old : .new, node,
        "webhooks changed, and are not compared", "whether receivers notice is not known")
    }
  }

  private mutating func compare(
    _ olds: [APIOperation.Key: APIOperation], _ news: [APIOperation.Key: APIOperation]
  ) {
    let keys = olds.keys.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    for key in keys {
      guard let former = olds[key] else { continue }
      guard let latter = news[key] else {
        add(
          "api-removed", .breaking, former.name, "", .old, former.node,
          "the operation is gone" + (former.isDeprecated ? "; it was deprecated" : ""),
          "clients are answered 404 or 405")
        continue
      }
      compare(former, latter)
    }
  }

  private mutating func compare(_ former: APIOperation, _ latter: APIOperation) {
    if latter.isDeprecated, !former.isDeprecated {
      add(
        "api-deprecated", .warning, former.name, "", .new, latter.node,
        "the operation is deprecated now",
        latter.node.text("x-sunset").map { "it may be gone from \($0) on" }
          ?? "clients should stop to use it")
    }
    compareSecurity(former, latter)
    compareParameters(former, latter)
    compareRequestBodies(former, latter)
    compareResponses(former, latter)
    let callbacks = [former, latter].map { $0.node.member("callbacks") }
    if callbacks[0]?.value != callbacks[1]?.value {
      add(
        "callbacks-not-compared", .warning, former.name, "", .new, latter.node,
        "callbacks changed, and are not compared", "whether receivers notice is not known")
    }
  }

  // MARK: - Security

  private mutating func compareSecurity(_ former: APIOperation, _ latter: APIOperation) {
    let isOpen = former.security.isEmpty || former.security.contains { $0.isEmpty }
    if latter.security.isEmpty || latter.security.contains(where: { $0.isEmpty }) { return }
    if isOpen {
      add(
        "api-security-added", .breaking, former.name, "", .new, latter.node,
        "it lets in only " + Self.text(latter.security) + " now", "other clients are answered 401")
      return
    }
    let ways = latter.security.map(known)
    for way in former.security {
      let isKept = ways.contains { other in
        other.allSatisfy { name, scopes in way[name].map { scopes.isSubset(of: $0) } ?? false }
      }
      if !isKept {
        add(
          "api-security-changed", .breaking, former.name, "", .new, latter.node,
          "it lets in \(Self.text(latter.security)) now, and \(Self.text([way])) is not enough",
          "clients that come so are answered 401 or 403")
      }
      compareSchemes(way.keys.sorted(), former.name)
    }
  }

  private static let schemeParts = ["type", "scheme", "name", "in", "openIdConnectUrl"]

  /// A way in by the names that the older version has for the same schemes.
  private func known(_ way: [String: Set<String>]) -> [String: Set<String>] {
    let schemes = old.root.member("components")?.member("securitySchemes")?.members ?? []
    return way.reduce(into: [:]) { all, entry in
      let (name, scopes) = entry
      guard old.securityScheme(name) == nil, let scheme = new.securityScheme(name) else {
        return all[name] = scopes
      }
      let same = schemes.first { former in
        Self.schemeParts.allSatisfy { old.resolved(former.node).text($0) == scheme.text($0) }
      }
      all[same?.name ?? name] = scopes
    }
  }

  private static func text(_ ways: [[String: Set<String>]]) -> String {
    ways.map { way in
      way.sorted { $0.key < $1.key }.map { name, scopes in
        scopes.isEmpty ? name : "\(name) (\(scopes.sorted().joined(separator: ", ")))"
      }.joined(separator: " and ")
    }.joined(separator: " or ")
  }

  private mutating func compareSchemes(_ names: [String], _ operation: String) {
    for name in names {
      guard let former = old.securityScheme(name), let latter = new.securityScheme(name) else {
        continue
      }
      let parts = Self.schemeParts.filter { part in
        former.text(part)?.lowercased() != latter.text(part)?.lowercased()
      }
      guard let part = parts.first else { continue }
      add(
        "api-security-scheme-changed", .breaking, operation, "", .new, latter,
        "\(part) of \(name) was \(former.text(part) ?? "not set") and is "
          + "\(latter.text(part) ?? "not set") now",
        "credentials that clients send are not found")
    }
  }
}
