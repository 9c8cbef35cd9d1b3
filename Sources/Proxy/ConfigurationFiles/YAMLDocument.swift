// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions
internal import Yams

/// Turns YAML text into a document tree.
enum YAMLDocument {
  /// Most nodes a document may have once its aliases are followed; a file of the largest size
  /// without aliases stays below, an alias bomb does not.
  static let maximumNodes = 200_000
  /// Deepest nesting; a configuration needs six.
  static let maximumDepth = 64

  struct Problem: Error {
    let diagnostic: Diagnostic
  }

  static func parse(_ text: String, file: String) -> Result<ConfigurationNode, Problem> {
    do {
      let root = try Parser(yaml: text).singleRoot()
      guard let root else {
        return .success(ConfigurationNode(.null, at: .init(line: 1, column: 1)))
      }
      var conversion = Conversion(file: file)
      return .success(try conversion.convert(root, depth: 0))
    } catch let error as Problem {
      return .failure(error)
    } catch let error as YamlError {
      return .failure(Problem(diagnostic: diagnostic(error, text, file)))
    } catch {
      return .failure(Problem(diagnostic: Diagnostic(.error, key: "", message: "\(error)")))
    }
  }

  private struct Conversion {
    let file: String
    var nodes = 0

    mutating func convert(_ node: Node, depth: Int) throws -> ConfigurationNode {
      let mark = place(node)
      nodes += 1
      guard nodes <= maximumNodes else {
        throw problem(mark, "more than \(maximumNodes) values once aliases are followed")
      }
      guard depth <= maximumDepth else {
        throw problem(mark, "nested deeper than \(maximumDepth) levels")
      }
      switch node {
      case .scalar(let scalar):
        return ConfigurationNode(isNull(scalar) ? .null : .scalar(scalar.string), at: mark)
      case .sequence(let sequence):
        var items: [ConfigurationNode] = []
        for item in sequence { items.append(try convert(item, depth: depth + 1)) }
        return ConfigurationNode(.sequence(items), at: mark)
      case .mapping(let mapping):
        var entries: [ConfigurationNode.Entry] = []
        for (key, value) in mapping {
          guard case .scalar(let name) = key else {
            throw problem(place(key), "expected a text as key")
          }
          entries.append(
            .init(
              key: name.string, mark: place(key), value: try convert(value, depth: depth + 1)))
        }
        return ConfigurationNode(.mapping(entries), at: mark)
      case .alias:
        throw problem(mark, "an alias without its anchor")
      }
    }

    private func isNull(_ scalar: Node.Scalar) -> Bool {
      scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private func place(_ node: Node) -> ConfigurationNode.Mark {
      .init(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private func problem(_ mark: ConfigurationNode.Mark, _ message: String) -> Problem {
      let location = SourceLocation(file: file, line: mark.line, column: mark.column)
      return Problem(diagnostic: Diagnostic(.error, location: location, key: "", message: message))
    }
  }

  private static func diagnostic(_ error: YamlError, _ text: String, _ file: String) -> Diagnostic {
    let (message, place): (String, ConfigurationNode.Mark?) =
      switch error {
      case .scanner(let context, let problem, let mark, _),
        .parser(let context, let problem, let mark, _),
        .composer(let context, let problem, let mark, _):
        (sentence(context, problem), .init(line: mark.line, column: mark.column))
      case .duplicatedKeysInMapping(let keys, let context):
        (
          "the key \"\(keys.first ?? "")\" stands here twice",
          .init(line: context.mark.line, column: context.mark.column)
        )
      case .reader(let problem, let offset, _, _): (problem, offset.map { mark(at: $0, in: text) })
      default: ("\(error)", nil)
      }
    let location = place.map { SourceLocation(file: file, line: $0.line, column: $0.column) }
    return Diagnostic(
      .error, location: location ?? SourceLocation(file: file, line: 1, column: 1), key: "",
      message: "not valid YAML: \(message)")
  }

  private static func sentence(_ context: YamlError.Context?, _ problem: String) -> String {
    guard let context, context.text.starts(with: "while") else { return problem }
    return "\(problem) \(context.text)"
  }

  private static func mark(at offset: Int, in text: String) -> ConfigurationNode.Mark {
    let before = text.prefix(offset)
    let lineStart = before.lastIndex(where: \.isNewline).map(before.index(after:))
    return ConfigurationNode.Mark(
      line: before.count(where: \.isNewline) + 1,
      column: before.distance(from: lineStart ?? before.startIndex, to: before.endIndex) + 1)
  }
}
