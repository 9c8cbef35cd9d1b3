// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
internal import Yams

/// YAML as the JSON that it stands for, by YAML 1.2's core schema: `no` and dates are texts there.
enum YAMLValues {
  struct Problem: Error {
    let line: Int
    let column: Int
    let message: String
  }

  /// - Parameters:
  ///   - mostValues: Most values once aliases are followed.
  ///   - mostDepth: Deepest nesting.
  static func parse(
    _ text: String, mostValues: Int, mostDepth: Int
  ) throws(Problem) -> JSONValue {
    let root: Node?
    do {
      root = try Parser(yaml: text).singleRoot()
    } catch let error as YamlError {
      throw problem(error)
    } catch {
      throw Problem(line: 1, column: 1, message: "\(error)")
    }
    guard let root else { return .null }
    var conversion = Conversion(mostValues: mostValues, mostDepth: mostDepth)
    return try conversion.value(root, depth: 0)
  }

  private static func problem(_ error: YamlError) -> Problem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Problem(line: mark.line, column: mark.column, message: problem)
    case .duplicatedKeysInMapping(let keys, let context):
      Problem(
        line: context.mark.line, column: context.mark.column,
        message: "the key \"\(keys.first ?? "")\" stands here twice")
    default: Problem(line: 1, column: 1, message: "\(error)")
    }
  }

  private struct Conversion {
    let mostValues: Int
    let mostDepth: Int
    var values = 0

    mutating func value(_ node: Node, depth: Int) throws(Problem) -> JSONValue {
      values += 1
      guard values <= mostValues else {
        throw problem(node, "more than \(mostValues) values once aliases are followed")
      }
      guard depth <= mostDepth else {
        throw problem(node, "nested deeper than \(mostDepth) levels")
      }
      switch node {
      case .scalar(let scalar): return Self.scalar(scalar)
      case .sequence(let sequence):
        var elements: [JSONValue] = []
        for element in sequence { elements.append(try value(element, depth: depth + 1)) }
        return .array(elements)
      case .mapping(let mapping):
        var members: [String: JSONValue] = [:]
        for (key, member) in mapping {
          guard case .scalar(let name) = key else { throw problem(key, "expected a text as key") }
          guard name.string != "<<" || name.style != .plain else {
            throw problem(key, "merge keys (<<) are not read")
          }
          members[name.string] = try value(member, depth: depth + 1)
        }
        return .object(members)
      case .alias: throw problem(node, "an alias without its anchor")
      }
    }

    private func problem(_ node: Node, _ message: String) -> Problem {
      Problem(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, message: message)
    }

    private static func scalar(_ scalar: Node.Scalar) -> JSONValue {
      let text = scalar.string
      guard scalar.style == .plain, scalar.tag.description != Tag.Name.str.rawValue else {
        return .string(text)
      }
      switch text {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return .bool(true)
      case "false", "False", "FALSE": return .bool(false)
      default: return number(text).map { .number($0) } ?? .string(text)
      }
    }

    /// Decimal numbers as JSON writes them, and with a sign or a bare point.
    private static func number(_ text: String) -> JSONNumber? {
      var text = text
      if text.hasPrefix("+") { text.removeFirst() }
      let sign = text.hasPrefix("-") ? "-" : ""
      text.removeFirst(sign.count)
      if text.hasPrefix(".") { text = "0" + text }
      while text.hasPrefix("0"), text.dropFirst().first?.isNumber == true { text.removeFirst() }
      guard case .number(let number)? = try? JSONParser.parse(Array((sign + text).utf8)) else {
        return nil
      }
      return number
    }
  }
}
