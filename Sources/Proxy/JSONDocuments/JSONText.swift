// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
  /// The document with sorted members, two blanks per level, a line each; at most about `limit`
  /// bytes, and whether some of it is missing.
  package func lines(limit: Int) -> (lines: [String], isCut: Bool) {
    var writer = JSONLineWriter(limit: limit)
    writer.write(self, key: "", indent: 0, isLast: true)
    return (writer.lines, writer.isCut)
  }

  /// The whole document as JSON, with sorted members and a line break at its end.
  package var json: String { lines(limit: .max).lines.joined(separator: "\n") + "\n" }

  /// The whole document as JSON in one line, with sorted members.
  package var compactJSON: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let number): number.text
    case .string(let string): Self.quoted(string)
    case .array(let elements): "[" + elements.map(\.compactJSON).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }
        .map { Self.quoted($0.key) + ":" + $0.value.compactJSON }.joined(separator: ",") + "}"
    }
  }

  /// An integer.
  package static func integer(_ value: Int) -> JSONValue { decimal(String(value)) }

  /// A share or a rate, with six decimals at most.
  package static func real(_ value: Double) -> JSONValue {
    guard value.isFinite, abs(value) < 1e12 else { return .null }
    return decimal("\((value * 1e6).rounded() / 1e6)")
  }

  private static func decimal(_ text: String) -> JSONValue {
    JSONNumber(valid: text).map { .number($0) } ?? .null
  }

  package static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }
}

private struct JSONLineWriter {
  let limit: Int
  private(set) var lines: [String] = []
  private(set) var isCut = false
  private var bytes = 0

  init(limit: Int) { self.limit = limit }

  mutating func write(_ value: JSONValue, key: String, indent: Int, isLast: Bool) {
    let comma = isLast ? "" : ","
    switch value {
    case .array(let elements) where !elements.isEmpty:
      add(key + "[", indent)
      for (index, element) in elements.enumerated() where !isCut {
        write(element, key: "", indent: indent + 1, isLast: index == elements.count - 1)
      }
      add("]" + comma, indent)
    case .object(let members) where !members.isEmpty:
      add(key + "{", indent)
      for (index, name) in members.keys.sorted().enumerated() where !isCut {
        write(
          members[name] ?? .null, key: JSONValue.quoted(name) + ": ", indent: indent + 1,
          isLast: index == members.count - 1)
      }
      add("}" + comma, indent)
    default: add(key + value.compactJSON + comma, indent)
    }
  }

  private mutating func add(_ text: String, _ indent: Int) {
    guard !isCut else { return }
    var line = String(repeating: "  ", count: indent) + text
    let room = limit - bytes
    if line.utf8.count > room {
      line = String(decoding: line.utf8.prefix(max(0, room)), as: UTF8.self)
      isCut = true
    }
    bytes += line.utf8.count + 1
    lines.append(line)
  }
}
