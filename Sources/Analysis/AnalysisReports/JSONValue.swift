// SPDX-License-Identifier: Apache-2.0

/// A JSON document whose keys keep their order, so that equal values give equal bytes and the most
/// telling keys come first. `JSONEncoder` offers alphabetical order or none.
enum JSONValue {
  case string(String)
  case integer(Int)
  /// Written with four decimals.
  case number(Double)
  case boolean(Bool)
  case null
  case array([JSONValue])
  case object([(String, JSONValue)])

  static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// The document with two spaces per level; ends with a line break.
  var text: String {
    var output = ""
    write(to: &output, indent: "")
    output += "\n"
    return output
  }

  /// The document in one line for a page: `<` is escaped, so that it can stand in a `script`
  /// element, and what is no plain text in a string is made visible.
  var embedded: String {
    var output = ""
    writeCompactly(to: &output)
    return output
  }

  private func writeCompactly(to output: inout String) {
    switch self {
    case .array(let values):
      output += "["
      for (index, value) in values.enumerated() {
        if index > 0 { output += "," }
        value.writeCompactly(to: &output)
      }
      output += "]"
    case .object(let members):
      output += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { output += "," }
        Self.write(member.0, to: &output)
        output += ":"
        member.1.writeCompactly(to: &output)
      }
      output += "}"
    case .string(let value):
      var text = ""
      // A page shows its strings to people.
      Self.write(TerminalText.escaped(value), to: &text)
      for character in text.unicodeScalars {
        // `</script>` and `<!--` would end or change the element.
        if character == "<" { output += "\\u003c" } else { output.unicodeScalars.append(character) }
      }
    case .integer, .number, .boolean, .null: write(to: &output, indent: "")
    }
  }

  private func write(to output: inout String, indent: String) {
    switch self {
    case .string(let value): Self.write(value, to: &output)
    case .integer(let value): output += "\(value)"
    case .number(let value): output += Self.fourDecimals(value)
    case .boolean(let value): output += value ? "true" : "false"
    case .null: output += "null"
    case .array(let values):
      Self.write(values, ("[", "]"), to: &output, indent: indent) { value, output, inner in
        value.write(to: &output, indent: inner)
      }
    case .object(let members):
      Self.write(members, ("{", "}"), to: &output, indent: indent) { member, output, inner in
        Self.write(member.0, to: &output)
        output += ": "
        member.1.write(to: &output, indent: inner)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], _ brackets: (String, String), to output: inout String, indent: String,
    element: (Element, inout String, String) -> Void
  ) {
    output += brackets.0
    let inner = indent + "  "
    for (index, value) in elements.enumerated() {
      output += (index == 0 ? "\n" : ",\n") + inner
      element(value, &output, inner)
    }
    output += (elements.isEmpty ? "" : "\n" + indent) + brackets.1
  }

  private static func write(_ text: String, to output: inout String) {
    output += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case _ where TerminalText.isUnsafe(scalar):
        // As the standard wants it below 0x20; above, so that a terminal may show the document.
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
          let digits = String(unit, radix: 16)
          output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }

  /// JSON has no infinities; they cannot arise from shares and counts, and are written as null.
  static func fourDecimals(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "null" }
    let scaled = Int((abs(value) * 10_000).rounded())
    let digits = String(scaled % 10_000)
    let fraction = String(repeating: "0", count: 4 - digits.count) + digits
    return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / 10_000).\(fraction)"
  }
}
