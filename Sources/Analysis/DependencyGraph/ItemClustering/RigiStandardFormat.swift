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
/// Words that hold blanks stand in double quotes. Empty lines and lines that begin with `#` are
/// skipped.
package enum RigiStandardFormat {
  /// What a number stands for in the optional columns of `depends` and `accesses`.
  package static let relations = ["depends", "accesses"]

  /// - Parameter weights: column that holds the weight of a link, counted from 1 as the relation's;
  ///   nil takes the fourth where there is one, else 1.
  package static func graph(
    _ text: String, weights column: Int? = nil
  ) throws(LineError) -> ItemGraph {
    var links: [(from: String, to: String, weight: Double)] = []
    var witnesses: Set<String> = []
    var items: Set<String> = []
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
      links.append((words[1], words[2], try weight(words, column, line: number)))
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
    clusters.map { "contain \(quoted($0.cluster)) \(quoted($0.item))\n" }.joined()
  }

  private static func quoted(_ word: String) -> String {
    word.isEmpty || word.hasPrefix("#") || word.contains(where: \.isWhitespace)
      ? "\"\(word)\"" : word
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
    var rest = text.drop(while: \.isWhitespace)
    while let first = rest.first {
      if first == "\"" {
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: "\"") else {
          throw LineError(line: line, message: "expected a closing quotation mark")
        }
        words.append(String(rest[..<end]))
        rest = rest[end...].dropFirst()
      } else {
        let word = rest.prefix { !$0.isWhitespace }
        words.append(String(word))
        rest = rest[word.endIndex...]
      }
      rest = rest.drop(while: \.isWhitespace)
    }
    return words
  }
}
