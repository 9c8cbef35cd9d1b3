// SPDX-License-Identifier: Apache-2.0

internal import GatewayComposition

/// `compose`: an upstream whose answers are made of those of others.
extension ConfigurationDecoder {
  func decodeComposition(_ child: MappingReader.Child) -> CompositionPlan? {
    let expected = "{ parts: { name: { upstream, path } }, answer: { ... } }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let parts = reader.child("parts").map(decodeParts)
    if parts == nil { reader.missing("parts", "parts by name") }
    let answer = reader.child("answer").flatMap(decodeAnswer)
    let deadline = reader.value("deadline", as: .duration)
    reader.finish()
    return CompositionPlan(parts: parts ?? [], answer: answer, deadline: deadline)
  }

  private func decodeParts(_ child: MappingReader.Child) -> [CompositionPart] {
    guard let reader = MappingReader(child, expected: "parts by name", findings) else { return [] }
    return reader.children.compactMap { name, child in
      if !ConfigurationName.isValid(name) || name.contains(".") {
        findings.error(
          child.key, at: child.node.mark, "expected letters, digits, \"-\" and \"_\" as its key")
      }
      return decodePart(name, child)
    }
  }

  private func decodePart(_ name: String, _ child: MappingReader.Child) -> CompositionPart? {
    let expected = "{ upstream, path, required, timeout, max-bytes, fallback, cache-control }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let upstream = reader.required("upstream", as: .name)
    let path = reader.child("path").map(decodePartPath)
    if path == nil { reader.missing("path", Self.partPath) }
    var part = (path ?? nil).flatMap { path in
      upstream.map { CompositionPart(name: name, upstream: $0, path: path) }
    }
    if let isRequired = reader.value("required", as: .truth) { part?.isRequired = isRequired }
    if let timeout = reader.value("timeout", as: .duration) { part?.timeout = timeout }
    if let size = reader.value("max-bytes", as: .size) { part?.maximumBytes = size }
    if let fallback = reader.child("fallback") {
      let standIn = decodeFallback(fallback, path: path ?? nil)
      part?.fallback = standIn
    }
    part?.cacheControl = reader.value("cache-control", as: .cacheControl)
    reader.finish()
    return part
  }

  private static let partPath = "a path such as /customers/{id} or /orders?customer={id}"

  private func decodePartPath(_ child: MappingReader.Child) -> PartPath? {
    guard let text = ScalarType.text.read(child, findings) else { return nil }
    do {
      return try PartPath(parsing: text)
    } catch {
      findings.error(child.key, at: child.node.mark, "\(error), found \(child.node.found)")
      return nil
    }
  }

  /// `{ value: [] }`, or `{ upstream: legacy, path: /customers/{id} }`, where the path is the
  /// part's own when it is left out.
  private func decodeFallback(
    _ child: MappingReader.Child, path: PartPath?
  ) -> CompositionPart.Fallback? {
    let expected = "{ value } or { upstream, path }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let value = reader.child("value").map { AnswerTemplate.text(literal($0)) }
    let upstream = reader.value("upstream", as: .name)
    let other = reader.child("path").flatMap(decodePartPath)
    reader.finish()
    if let upstream, value == nil {
      return (other ?? path).map { .upstream(upstream, path: $0) }
    }
    if let value, upstream == nil, other == nil { return .value(value) }
    findings.error(child.key, at: child.node.mark, "expected \(expected)")
    return nil
  }

  // MARK: The template

  private func decodeAnswer(_ child: MappingReader.Child) -> AnswerTemplate? {
    guard case .object(let members) = node(child, hasReferences: true) else {
      findings.error(
        child.key, at: child.node.mark,
        "expected an object such as { name: $customer.name }, found \(child.node.found)")
      return nil
    }
    return AnswerTemplate(members)
  }

  private func literal(_ child: MappingReader.Child) -> AnswerTemplate.Node {
    node(child, hasReferences: false)
  }

  private func node(
    _ child: MappingReader.Child, hasReferences: Bool
  ) -> AnswerTemplate.Node {
    findings.note(child.key, at: child.node.mark)
    switch child.node.value {
    case .null: return .literal("null")
    case .scalar(let text):
      return hasReferences
        ? AnswerTemplate.node(reading: text) : .literal(AnswerTemplate.literal(reading: text))
    case .sequence:
      let elements = items(child, expected: "a list")
      return .array(elements.map { node($0, hasReferences: hasReferences) })
    case .mapping(let entries):
      var names: Set<String> = []
      return .object(
        entries.map { entry in
          let key = "\(child.key).\(entry.key)"
          if !names.insert(entry.key).inserted {
            findings.error(key, at: entry.mark, "the key stands here twice")
          }
          let value = MappingReader.Child(key: key, node: entry.value)
          return AnswerTemplate.Member(entry.key, node(value, hasReferences: hasReferences))
        })
    }
  }
}

extension ScalarType where Value == CacheControl {
  static let cacheControl = ScalarType(
    expected: "directives such as \"max-age=60\" or \"private, no-cache\""
  ) { text in
    CacheControl.isKnown(text) ? CacheControl(parsing: [text]) : nil
  }
}
