// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Finds table names in text that is clearly SQL: it starts with an upper-case verb and has the
/// structure that goes with it. Prose such as "Update the order" is not.
enum SQLText {
  struct Mention: Equatable {
    var table: String
    var access: TableUse.Access
  }

  private static let shortestStatement = 10
  private static let fillers: Set<String> = [
    "IF", "NOT", "EXISTS", "ONLY", "OR", "REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK", "INTO",
    "TABLE", "VIRTUAL", "TEMPORARY", "TEMP",
  ]
  private static let keywords: Set<String> = [
    "SELECT", "SET", "VALUES", "WHERE", "ON", "AS", "FROM", "JOIN", "LATERAL", "ONLY", "DEFAULT",
  ]

  static func tables(in text: String) -> [Mention] {
    guard text.utf8.count >= shortestStatement else { return [] }
    var mentions: [Mention] = []
    for statement in text.split(separator: ";") {
      mentions += tables(inStatement: words(of: statement))
    }
    return mentions
  }

  /// Words with parentheses and commas as words of their own.
  private static func words(of text: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for character in text {
      if character.isWhitespace {
        end()
      } else if "(),".contains(character) {
        end()
        words.append(String(character))
      } else {
        word.append(character)
      }
    }
    end()
    return words
  }

  private static func tables(inStatement words: [String]) -> [Mention] {
    guard let verb = words.first else { return [] }
    switch verb {
    case "SELECT": return words.contains("FROM") ? sources(words, []) : []
    case "WITH":
      guard words.contains("AS") else { return [] }
      return sources(words, commonTableExpressions(words)) + targets(words)
    case "INSERT", "REPLACE":
      return words.contains("INTO") ? targets(words) + sources(words, []) : []
    case "UPDATE": return words.contains("SET") ? targets(words) + sources(words, []) : []
    case "DELETE": return words.contains("FROM") ? targets(words) + sources(words, [], from: 3) : []
    case "TRUNCATE": return named(words, after: 0, .writes)
    case "CREATE", "ALTER", "DROP":
      if let place = words.firstIndex(of: "TABLE") { return named(words, after: place, .defines) }
      guard verb == "CREATE", words.contains("INDEX"), let place = words.firstIndex(of: "ON")
      else { return [] }
      return named(words, after: place, .defines)
    default: return []
    }
  }

  /// Tables after `FROM` and `JOIN`.
  private static func sources(
    _ words: [String], _ defined: Set<String>, from start: Int = 0
  ) -> [Mention] {
    var mentions: [Mention] = []
    for index in words.indices.dropFirst(start)
    where words[index] == "FROM" || words[index] == "JOIN" {
      var next = index
      repeat {
        let found = named(words, after: next, .reads)
        mentions += found.filter { !defined.contains($0.table) }
        next = comma(after: next + 1, words) ?? words.count
      } while words[index] == "FROM" && next < words.count
    }
    return mentions
  }

  /// `FROM a, b AS c, d`: the next comma of the same list.
  private static func comma(after index: Int, _ words: [String]) -> Int? {
    var next = index
    while next < words.count, next <= index + 3 {
      if words[next] == "," { return next }
      if keywords.contains(words[next]) && words[next] != "AS" || words[next] == "(" { return nil }
      next += 1
    }
    return nil
  }

  /// Tables that the statement changes.
  private static func targets(_ words: [String]) -> [Mention] {
    var mentions: [Mention] = []
    for index in words.indices {
      switch words[index] {
      case "INTO": mentions += named(words, after: index, .writes)
      case "UPDATE" where index == 0 || words.contains("SET") && words[index - 1] != "DO":
        mentions += named(words, after: index, .writes)
      case "FROM" where index > 0 && words[index - 1] == "DELETE":
        mentions += named(words, after: index, .writes)
      default: continue
      }
    }
    return mentions
  }

  private static func commonTableExpressions(_ words: [String]) -> Set<String> {
    var names: Set<String> = []
    for index in words.indices.dropFirst() where words[index] == "AS" {
      if index + 1 < words.count, words[index + 1] == "(" {
        var back = index - 1
        if words[back] == ")" { while back > 0, words[back] != "(" { back -= 1 }; back -= 1 }
        if back >= 0, let name = identifier(words[back]) { names.insert(name) }
      }
    }
    return names
  }

  private static func named(
    _ words: [String], after index: Int, _ access: TableUse.Access
  ) -> [Mention] {
    var next = index + 1
    while next < words.count, fillers.contains(words[next]) { next += 1 }
    guard next < words.count, let name = identifier(words[next]) else { return [] }
    return [Mention(table: name, access: access)]
  }

  /// A name as the database knows it: without quotes and schema; `nil` for anything else.
  static func identifier(_ word: String) -> String? {
    let bare = word.filter { !"\"`'[]".contains($0) }
    guard let name = bare.split(separator: ".").last.map(String.init),
      let first = name.first, first.isLetter || first == "_",
      name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }), !keywords.contains(name)
    else { return nil }
    return name
  }
}
