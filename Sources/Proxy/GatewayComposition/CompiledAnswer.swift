// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// A piece of a merged answer.
package enum AnswerSegment: Sendable, Equatable {
  case text([UInt8])
  /// A range of what a part said.
  case part(Int, Range<Int>)

  package var count: Int {
    switch self {
    case .text(let bytes): bytes.count
    case .part(_, let range): range.count
    }
  }
}

/// What a part that failed is told about.
package struct PartError: Sendable, Equatable {
  package var part: String
  package var reason: String
  /// Something stands in for it.
  package var hasFallback: Bool

  package init(part: String, reason: String, hasFallback: Bool) {
    self.part = part
    self.reason = reason
    self.hasFallback = hasFallback
  }
}

/// A plan's template, made ready to be filled: what has to be found in each part, once for all
/// requests.
package struct CompiledAnswer: Sendable {
  private indirect enum Node: Sendable {
    /// `reference`: the number of the path among those of the part.
    case reference(part: Int, reference: Int)
    case literal([UInt8])
    /// Names are quoted, with the colon.
    case object([(name: [UInt8], value: Node)])
    case array([Node])
  }

  private let members: [(name: [UInt8], value: Node)]
  /// By part.
  package let spans: [JSONSpans]

  /// References to parts that are none are left out; checks of the configuration refuse them.
  package init(_ plan: CompositionPlan) {
    var paths: [[[String]]] = Array(repeating: [], count: plan.parts.count)
    let numbers = Dictionary(
      plan.parts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    members = Self.compile(plan.answer.members, numbers, &paths)
    spans = paths.map(JSONSpans.init)
  }

  private static func compile(
    _ members: [AnswerTemplate.Member], _ numbers: [String: Int], _ paths: inout [[[String]]]
  ) -> [(name: [UInt8], value: Node)] {
    members.compactMap { member in
      guard let value = compile(member.value, numbers, &paths) else { return nil }
      return (Array((JSONValue.quoted(member.name) + ":").utf8), value)
    }
  }

  private static func compile(
    _ node: AnswerTemplate.Node, _ numbers: [String: Int], _ paths: inout [[[String]]]
  ) -> Node? {
    switch node {
    case .literal(let json): return .literal(Array(json.utf8))
    case .object(let members): return .object(compile(members, numbers, &paths))
    case .array(let nodes):
      var elements: [Node] = []
      for node in nodes {
        if let element = compile(node, numbers, &paths) { elements.append(element) }
      }
      return .array(elements)
    case .reference(let name, let path):
      guard let part = numbers[name] else { return nil }
      paths[part].append(path)
      return .reference(part: part, reference: paths[part].count - 1)
    }
  }

  /// The answer's pieces, in order.
  ///
  /// - Parameters:
  ///   - found: by part, where `spans` found what it asks for; nil for a part that is absent.
  ///   - errors: what failed; told when there is any.
  package func merge(_ found: [[Range<Int>?]?], errors: [PartError]) -> [AnswerSegment] {
    var writer = Writer(found: found)
    writer.write(members, errors: errors)
    return writer.finished
  }

  private struct Writer {
    let found: [[Range<Int>?]?]
    private var segments: [AnswerSegment] = []
    private var text: [UInt8] = []

    init(found: [[Range<Int>?]?]) { self.found = found }

    var finished: [AnswerSegment] { text.isEmpty ? segments : segments + [.text(text)] }

    /// Where a reference leads to; nil for what is not there.
    private func range(_ part: Int, _ reference: Int) -> Range<Int>? {
      guard let spans = found[part] else { return nil }
      return spans[reference]
    }

    private func isThere(_ node: Node) -> Bool {
      if case .reference(let part, let reference) = node { return range(part, reference) != nil }
      return true
    }

    mutating func write(_ members: [(name: [UInt8], value: Node)], errors: [PartError] = []) {
      text.append(UInt8(ascii: "{"))
      var isFirst = true
      for member in members where isThere(member.value) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        text += member.name
        write(member.value)
      }
      if !errors.isEmpty {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        text += CompiledAnswer.text(errors)
      }
      text.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ node: Node) {
      switch node {
      case .literal(let json): text += json
      case .object(let members): write(members)
      case .array(let nodes):
        text.append(UInt8(ascii: "["))
        var isFirst = true
        for node in nodes where isThere(node) {
          if !isFirst { text.append(UInt8(ascii: ",")) }
          isFirst = false
          write(node)
        }
        text.append(UInt8(ascii: "]"))
      case .reference(let part, let reference):
        guard let range = range(part, reference) else { return }
        if !text.isEmpty { segments.append(.text(text)) }
        text = []
        segments.append(.part(part, range))
      }
    }
  }

  /// The member that names what failed.
  package static func text(_ errors: [PartError]) -> [UInt8] {
    let items = errors.map { error in
      "{\"part\":\(JSONValue.quoted(error.part)),\"reason\":\(JSONValue.quoted(error.reason))"
        + (error.hasFallback ? ",\"fallback\":true}" : "}")
    }
    let name = JSONValue.quoted(AnswerTemplate.errorsMember)
    return Array("\(name):[\(items.joined(separator: ","))]".utf8)
  }
}
