// SPDX-License-Identifier: Apache-2.0

/// A line of a file that cannot be used, with what was expected there.
package struct LineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counts from 1.
  package var line: Int
  package var message: String

  package var description: String { "line \(line): \(message)" }
}

/// Rigi Standard Format, the exchange format of architecture recovery: three words on a line, the
/// relation first.
///
///     depends A B [weight]     item A uses item B
///     accesses F E [weight]    function F uses item E; F itself is not divided
///     contain CLUSTER ITEM     item stands in cluster
///
/// Words that hold blanks stand in double quotes; inside of them `\"`, `\\` and `\u{HEX}` stand for
/// a character. Empty lines and lines that begin with `#` are skipped.
package enum RigiStandardFormat {
  /// What a number stands for in the optional columns of `depends` and `accesses`.
  package static let relations = ["depends", "accesses"]

  /// What all weights may add up to: the product of two sums still has to be a number.
  static let weightLimit = 1e150

  /// - Parameter weights: column that holds the weight of a link, counted from 1 as the relation's;
  ///   nil takes the fourth where there is one, else 1.
  package static func graph(
    _ text: String, weights column: Int? = nil
  ) throws(LineError) -> ItemGraph {
    var links: [(from: String, to: String, weight: Double)] = []
    var witnesses: Set<String> = []
    var items: Set<String> = []
    var sum = 0.0
    for (number, words) in try lines(text) {
      guard words.count >= 3, relations.contains(words[0]) else {
        throw LineError(
          line: number,
          message: "expected `depends FROM TO [weight]` or `accesses FUNCTION ITEM [weight]`, "
            + "found `\(words.joined(separator: " "))`")
      }
      if words[0] == "accesses" {
        witnesses.insert(words[1])
      } else {
        items.insert(words[1])
      }
      items.insert(words[2])
      let weight = try weight(words, column, line: number)
      sum += weight
      guard sum <= weightLimit else {
        throw LineError(
          line: number, message: "expected weights that add up to at most \(weightLimit)")
      }
      links.append((words[1], words[2], weight))
    }
    guard !links.isEmpty else {
      throw LineError(line: 1, message: "expected at least one `depends FROM TO` line, found none")
    }
    return ItemGraph(links: links, witnesses: witnesses.subtracting(items))
  }

  private static func weight(
    _ words: [String], _ column: Int?, line: Int
  ) throws(LineError) -> Double {
    guard let column else {
      guard words.count > 3 else { return 1 }
      return try weight(words, 4, line: line)
    }
    guard words.count >= column else {
      throw LineError(
        line: line, message: "expected a weight in column \(column), found \(words.count) columns")
    }
    guard let weight = Double(words[column - 1]), weight.isFinite, weight > 0 else {
      throw LineError(
        line: line,
        message: "expected a weight above 0 in column \(column), found `\(words[column - 1])`")
    }
    return weight
  }

  /// Who accesses what, from `accesses` lines; others are skipped. The two sides have names of
  /// their own: an item may be called what its table is called.
  package static func accesses(
    _ text: String
  ) throws(LineError) -> [(user: String, used: String)] {
    var accesses: [(user: String, used: String)] = []
    for (number, words) in try lines(text) {
      guard words.count >= 3, relations.contains(words[0]) else {
        throw LineError(
          line: number,
          message: "expected `accesses USER USED`, found `\(words.joined(separator: " "))`")
      }
      if words[0] == "accesses" { accesses.append((words[1], words[2])) }
    }
    guard !accesses.isEmpty else {
      throw LineError(line: 1, message: "expected at least one `accesses USER USED` line")
    }
    return accesses
  }

  /// Cluster of each item. Published divisions name some items twice; the last line counts, as it
  /// does in the reference implementations.
  package static func clustering(_ text: String) throws(LineError) -> [String: String] {
    var clusters: [String: String] = [:]
    for (number, words) in try lines(text) {
      guard words.count == 3, words[0] == "contain" else {
        throw LineError(
          line: number,
          message: "expected `contain CLUSTER ITEM`, found `\(words.joined(separator: " "))`")
      }
      clusters[words[2]] = words[1]
    }
    guard !clusters.isEmpty else {
      throw LineError(line: 1, message: "expected at least one `contain CLUSTER ITEM` line")
    }
    return clusters
  }

  /// `contain` lines in order of item.
  package static func text(_ clusters: [(item: String, cluster: String)]) -> String {
    clusters.map { "contain \(word($0.cluster)) \(word($0.item))\n" }.joined()
  }

  /// A name as one word of a line, whatever it holds; reading gives the name back.
  package static func word(_ name: String) -> String {
    let isPlain =
      !name.isEmpty && !name.hasPrefix("#") && !name.hasPrefix("\"")
      && !name.unicodeScalars.contains { $0.properties.isWhitespace || mustBeEscaped($0) }
    guard !isPlain else { return name }
    var word = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"", "\\": word += "\\\(scalar)"
      case _ where mustBeEscaped(scalar): word += "\\u{\(String(scalar.value, radix: 16))}"
      default: word.unicodeScalars.append(scalar)
      }
    }
    return word + "\""
  }

  /// Ends of lines, and what no terminal should be sent.
  private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// Words of each line that holds any.
  static func lines(_ text: String) throws(LineError) -> [(number: Int, words: [String])] {
    var lines: [(Int, [String])] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = try words(line, line: index + 1)
      if let first = words.first, !first.hasPrefix("#") { lines.append((index + 1, words)) }
    }
    return lines
  }

  private static func words(_ text: Substring, line: Int) throws(LineError) -> [String] {
    var words: [String] = []
    // By scalar: a mark that combines with what stands before it must not swallow a quotation mark.
    var rest = text.unicodeScalars.drop { $0.properties.isWhitespace }
    while let first = rest.first {
      if first == "\"" {
        rest = rest.dropFirst()
        words.append(try quoted(&rest, line: line))
      } else {
        let word = rest.prefix { !$0.properties.isWhitespace }
        words.append(String(word))
        rest = rest[word.endIndex...]
      }
      rest = rest.drop { $0.properties.isWhitespace }
    }
    return words
  }

  /// Takes a word up to its closing quotation mark. A backslash that begins no escape is one: names
  /// of other systems hold them.
  private static func quoted(
    _ rest: inout Substring.UnicodeScalarView, line: Int
  ) throws(LineError) -> String {
    var word = String.UnicodeScalarView()
    while let next = rest.popFirst() {
      switch next {
      case "\"": return String(word)
      case "\\" where rest.first == "\"" || rest.first == "\\":
        if let escaped = rest.popFirst() { word.append(escaped) }
      case "\\": word.append(escape(&rest) ?? next)
      default: word.append(next)
      }
    }
    throw LineError(line: line, message: "expected a closing quotation mark")
  }

  /// Takes `u{HEX}`, if that comes.
  private static func escape(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
    guard rest.starts(with: "u{".unicodeScalars) else { return nil }
    let digits = rest.dropFirst(2).prefix(8).prefix { $0 != "}" }
    let end = rest[digits.endIndex...]
    guard end.first == "}", let value = UInt32(String(digits), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { return nil }
    rest = end.dropFirst()
    return scalar
  }
}
