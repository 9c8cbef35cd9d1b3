// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// What an answer looks like: an object of literals and of references to what the parts said.
///
/// `$orders` is the whole answer of the part `orders`, `$orders.items.0.id` a value in it: members
/// by name, elements by position. What is not there is left out, with its member. A text that
/// begins with `$` is written with another one before it.
public struct AnswerTemplate: Sendable, Hashable, CustomStringConvertible {
  /// A value of the answer.
  public indirect enum Node: Sendable, Hashable {
    /// Taken from a part.
    case reference(part: String, path: [String])
    /// A JSON text.
    case literal(String)
    /// Members in this order.
    case object([Member])
    /// Elements.
    case array([Node])
  }

  /// A member of an object.
  public struct Member: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: Node

    /// Creates a member.
    public init(_ name: String, _ value: Node) {
      self.name = name
      self.value = value
    }
  }

  /// The member that names parts that failed; there is none when all did well.
  public static let errorsMember = "_errors"

  /// The members of the answer.
  public var members: [Member]

  /// Creates a template.
  public init(_ members: [Member]) { self.members = members }

  /// Each part under its name.
  public init(parts: [String]) {
    members = parts.map { Member($0, .reference(part: $0, path: [])) }
  }

  /// What a text of a file stands for: a reference, a JSON text that is taken as it is, or else
  /// the text itself.
  public static func node(reading text: String) -> Node {
    if text.hasPrefix("$$") { return .literal(JSONValue.quoted(String(text.dropFirst()))) }
    if text.hasPrefix("$") {
      let names = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
      return .reference(part: String(names[0]), path: names.dropFirst().map(String.init))
    }
    return .literal(literal(reading: text))
  }

  /// The JSON text that a text of a file stands for.
  public static func literal(reading text: String) -> String {
    (try? JSONParser.parse(Array(text.utf8))) == nil ? JSONValue.quoted(text) : text
  }

  /// As JSON, with references in place of what they stand for.
  public var description: String { Self.text(.object(members)) }

  /// A node as JSON, with references in place of what they stand for.
  public static func text(_ node: Node) -> String {
    switch node {
    case .reference(let part, let path): "$" + ([part] + path).joined(separator: ".")
    case .literal(let json): json
    case .object(let members):
      "{"
        + members.map { "\(JSONValue.quoted($0.name)):\(text($0.value))" }.joined(separator: ",")
        + "}"
    case .array(let nodes): "[" + nodes.map(text).joined(separator: ",") + "]"
    }
  }

  /// Every reference, in order.
  public var references: [(part: String, path: [String])] { Self.references(.object(members)) }

  private static func references(_ node: Node) -> [(part: String, path: [String])] {
    switch node {
    case .reference(let part, let path): [(part, path)]
    case .literal: []
    case .object(let members): members.flatMap { references($0.value) }
    case .array(let nodes): nodes.flatMap(references)
    }
  }
}
