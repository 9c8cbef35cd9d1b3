// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
package import ShadowComparison

/// Holds an answer to an example, as a tolerant reader does: what the example has must be there and
/// of its type, and what it has not may be anything.
package struct ContractMatcher {
  /// Most mismatches of one answer that are listed.
  package static let limit = 50
  /// Most bytes of a value that is shown.
  private static let shownBytes = 80

  private let rules: MatchingRules
  private var found: [ContractMismatch] = []
  private var count = 0

  /// What an answer does not keep, and how much more there is beyond what is listed.
  package static func mismatches(
    _ example: ContractExample, _ answer: ComparedResponse
  ) -> (listed: [ContractMismatch], unlisted: Int) {
    var matcher = ContractMatcher(rules: example.rules)
    matcher.match(example.answer, answer)
    return (matcher.found, matcher.count - matcher.found.count)
  }

  private init(rules: MatchingRules) { self.rules = rules }

  private mutating func add(
    _ place: ContractMismatch.Place, _ kind: ContractMismatch.Kind, _ expected: String,
    _ found: String?
  ) {
    count += 1
    if self.found.count < Self.limit {
      self.found.append(ContractMismatch(place, kind, expected: expected, found: found))
    }
  }

  private mutating func match(_ example: ContractExample.Answer, _ answer: ComparedResponse) {
    if example.status != answer.status {
      add(.status, .value, "\(example.status)", "\(answer.status)")
      // Another status has another body, and there is nothing to learn from comparing them.
      return
    }
    for header in example.headers { match(header, answer.header(header.name)) }
    matchBody(example, answer)
  }

  // MARK: - Headers

  private mutating func match(_ header: ComparedResponse.Header, _ value: String?) {
    let path = ResponsePath.header(header.name)
    if rules.ignored.match(path) { return }
    let place = ContractMismatch.Place.header(header.name.lowercased())
    guard let value else {
      if !rules.optional.match(path) { add(place, .missing, header.value, nil) }
      return
    }
    if header.value.contains(Redaction.mark) { return }
    if rules.values.match(path) {
      if value != header.value { add(place, .value, header.value, value) }
      return
    }
    let form = AnswerHeaders.form(header.name) ?? .presence
    if Self.shape(header.value, form) != Self.shape(value, form) {
      add(place, .value, header.value, value)
    }
  }

  private static func shape(_ value: String, _ form: AnswerHeaders.Form) -> [String] {
    switch form {
    case .mediaType: [MediaType(value)?.text ?? ""]
    case .address: [EndpointName.of(method: "", target: pathOnly(value))]
    case .directives:
      Set(
        value.split(separator: ",").map { directive in
          directive.prefix { $0 != "=" }.filter { $0 != " " }.lowercased()
        }
      ).sorted()
    case .scheme: [value.prefix { $0 != " " }.lowercased()]
    case .presence: []
    }
  }

  /// Hosts differ from one place where a service runs to another.
  private static func pathOnly(_ location: String) -> String {
    guard let scheme = location.firstRange(of: "://") else { return location }
    let rest = location[scheme.upperBound...]
    return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
  }

  // MARK: - Bodies

  private mutating func matchBody(
    _ example: ContractExample.Answer, _ answer: ComparedResponse
  ) {
    if rules.ignored.match(.body) { return }
    guard case .whole(let bytes) = answer.body else { return }
    switch example.body {
    case .none: return
    case .other:
      if bytes.isEmpty { add(.body(""), .missing, "a body", nil) }
    case .text(let text):
      if bytes.isEmpty {
        add(.body(""), .missing, Self.shown(.string(text)), nil)
      } else if String(decoding: bytes, as: UTF8.self) != text {
        let found = String(decoding: bytes.prefix(Self.shownBytes), as: UTF8.self)
        add(.body(""), .value, Self.shown(.string(text)), Self.shown(.string(found)))
      }
    case .json(let expected):
      guard !bytes.isEmpty else {
        return add(.body(""), .missing, "a body such as " + Self.shown(expected), nil)
      }
      do throws(JSONProblem) {
        let value = try JSONParser.parse(bytes)
        match(ValueShape(expected), value, .root, "", isLoose: false)
        matchValues(expected, value, .root, "", isPinned: false)
      } catch {
        add(.body(""), .type, "JSON", "no JSON: \(error)")
      }
    }
  }

  private static func shown(_ value: JSONValue) -> String {
    let text = value.compactJSON
    guard text.utf8.count > shownBytes else { return text }
    return String(decoding: text.utf8.prefix(shownBytes), as: UTF8.self) + "…"
  }

  // MARK: - Types

  private mutating func match(
    _ shape: ValueShape, _ value: JSONValue, _ path: ResponsePath, _ pointer: String,
    isLoose: Bool
  ) {
    if rules.ignored.match(path) || shape.kinds.contains(.anything) { return }
    let isLoose = isLoose || rules.loose.match(path)
    let kind = ValueShape.Kind(value)
    // Null alone tells that there may be none, and nothing of what there may be.
    if isLoose, shape.kinds == [.null] { return }
    guard allows(shape, kind, isLoose) else {
      return add(.body(pointer), .type, Self.expected(shape), Self.shown(value))
    }
    switch value {
    case .string(let text):
      if let format = shape.format, !isLoose, TextFormat(text) != format {
        add(
          .body(pointer), .format, "a \(format.rawValue) such as " + Self.shown(shape.sample),
          Self.shown(value))
      }
    case .object(let members): match(shape, members, path, pointer)
    case .array(let elements):
      guard let element = shape.elements.first else { return }
      if elements.isEmpty, !shape.mayBeEmpty, !rules.optional.match(path) {
        add(
          .body(pointer), .empty, "elements such as " + Self.shown(element.sample), "an empty array"
        )
      }
      for (index, value) in elements.enumerated() {
        match(
          element, value, path.elements, JSONPointer.appending(index, to: pointer), isLoose: false)
      }
    case .null, .bool, .number: return
    }
  }

  private mutating func match(
    _ shape: ValueShape, _ members: [String: JSONValue], _ path: ResponsePath, _ pointer: String
  ) {
    for (name, member) in shape.members.sorted(by: { $0.key < $1.key }) {
      let place = JSONPointer.appending(name, to: pointer)
      let memberPath = path.member(name)
      if let value = members[name] {
        match(member, value, memberPath, place, isLoose: false)
      } else if shape.required.contains(name), !rules.optional.match(memberPath),
        !rules.ignored.match(memberPath)
      {
        add(.body(place), .missing, Self.expected(member), nil)
      }
    }
  }

  private func allows(_ shape: ValueShape, _ kind: ValueShape.Kind, _ isLoose: Bool) -> Bool {
    switch kind {
    case .integer: shape.kinds.contains(.integer) || shape.kinds.contains(.number)
    case .number: shape.kinds.contains(.number) || (isLoose && shape.kinds.contains(.integer))
    // A text of ours that stands for one that was redacted.
    case .anything: shape.kinds.contains(.string)
    default: shape.kinds.contains(kind)
    }
  }

  private static func expected(_ shape: ValueShape) -> String {
    let kinds = ValueShape.Kind.allCases.filter { kind in
      shape.kinds.contains(kind) && !(kind == .integer && shape.kinds.contains(.number))
    }
    let names = kinds.map { kind in
      switch kind {
      case .null: "null"
      case .integer: "a whole number"
      case .array: "an array"
      case .object: "an object"
      case .anything: "anything"
      default: "a " + kind.rawValue
      }
    }
    let text = names.joined(separator: " or ")
    return shape.sample == .null ? text : text + " such as " + shown(shape.sample)
  }

  // MARK: - Values that have to stay

  private mutating func matchValues(
    _ expected: JSONValue, _ value: JSONValue, _ path: ResponsePath, _ pointer: String,
    isPinned: Bool
  ) {
    if rules.values.isEmpty || rules.ignored.match(path) || expected == .string(Redaction.mark) {
      return
    }
    let isPinned = isPinned || rules.values.match(path)
    switch (expected, value) {
    case (.object(let expected), .object(let members)):
      for (name, one) in expected.sorted(by: { $0.key < $1.key }) {
        guard let other = members[name] else { continue }
        matchValues(
          one, other, path.member(name), JSONPointer.appending(name, to: pointer),
          isPinned: isPinned)
      }
    case (.array(let expected), .array(let elements)):
      if expected.count != elements.count, isPinned || hasPinned(expected, path.elements) {
        add(
          .body(pointer), .value, "\(expected.count) elements", "\(elements.count)")
      }
      for (index, pair) in zip(expected, elements).enumerated() {
        matchValues(
          pair.0, pair.1, path.elements, JSONPointer.appending(index, to: pointer),
          isPinned: isPinned)
      }
    default:
      // One of another type has been told of.
      guard isPinned, expected != value, expected.typeName == value.typeName else { return }
      add(.body(pointer), .value, Self.shown(expected), Self.shown(value))
    }
  }

  private func hasPinned(_ elements: [JSONValue], _ path: ResponsePath) -> Bool {
    elements.contains { element in
      if rules.values.match(path) { return true }
      switch element {
      case .object(let members):
        return members.contains { name, value in hasPinned([value], path.member(name)) }
      case .array(let inner): return hasPinned(inner, path.elements)
      default: return false
      }
    }
  }
}
