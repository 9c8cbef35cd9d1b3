// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Finds table names in text that is clearly SQL: it starts with an upper-case verb and has the
/// structure that goes with it. Prose such as "Update the order" is not. Where the code says that
/// a text is SQL, its words count in lower case too.
enum SQLText {
  struct Mention: Equatable {
    var table: String
    var access: TableUse.Access
  }

  private static let shortestStatement = 10
  private static let verbs: Set<String> = [
    "SELECT", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "ALTER",
    "DROP",
  ]
  private static let fillers: Set<String> = [
    "IF", "NOT", "EXISTS", "ONLY", "OR", "REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK", "INTO",
    "TABLE", "VIRTUAL", "TEMPORARY", "TEMP",
  ]
  /// What stands before `FROM` in the arguments of these is a part of a text or a time.
  private static let cutting: Set<String> = ["EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"]
  /// Tables of the database itself.
  private static let catalogues = ["sqlite_", "pg_"]
  private static let keywords: Set<String> = [
    "SELECT", "SET", "VALUES", "WHERE", "ON", "AS", "FROM", "JOIN", "LATERAL", "ONLY", "DEFAULT",
  ]

  /// A word as it is written, and as keywords are compared.
  private struct Word {
    var text: String
    var key: String
  }

  /// - Parameter isSaid: the code says that it is SQL.
  static func tables(in text: String, isSaid: Bool = false) -> [Mention] {
    guard text.utf8.count >= shortestStatement else { return [] }
    return statements(of: unescaped(text)).flatMap { statement in
      startsWithVerb(statement, isSaid: isSaid)
        ? tables(
          inStatement: words(of: statement).map {
            Word(text: $0, key: isSaid ? $0.uppercased() : $0)
          }) : []
    }
  }

  /// Literals come as they are written.
  private static func unescaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
    return text.replacing("\\n", with: "\n").replacing("\\t", with: "\t")
      .replacing("\\\"", with: "\"")
  }

  /// Texts between semicolons, without comments; what stands in quotes is no comment and no end.
  private static func statements(of text: String) -> [Substring] {
    guard hasComments(text) else { return text.split(separator: ";") }
    var statements: [Substring] = []
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    var isQuoted = false
    func starts(with mark: StaticString) -> Bool {
      !isQuoted && rest.starts(with: UnsafeBufferPointer(start: mark.utf8Start, count: 2))
    }
    func end() {
      statements.append(Substring(decoding: bytes, as: UTF8.self))
      bytes.removeAll(keepingCapacity: true)
    }
    while let byte = rest.first {
      if starts(with: "--") {
        rest = rest.drop { $0 != UInt8(ascii: "\n") }
      } else if starts(with: "/*") {
        rest = rest.dropFirst(2)
        while !rest.isEmpty, !starts(with: "*/") { rest = rest.dropFirst() }
        rest = rest.dropFirst(2)
        bytes.append(UInt8(ascii: " "))
      } else {
        if byte == UInt8(ascii: "'") { isQuoted.toggle() }
        if byte == UInt8(ascii: ";"), !isQuoted { end() } else { bytes.append(byte) }
        rest = rest.dropFirst()
      }
    }
    end()
    return statements
  }

  /// Most texts have none, and every text of a code base comes here.
  private static func hasComments(_ text: String) -> Bool {
    var last: UInt8 = 0
    for byte in text.utf8 {
      let isStart =
        byte == UInt8(ascii: "-") && last == byte
        || byte == UInt8(ascii: "*") && last == UInt8(ascii: "/")
      if isStart { return true }
      last = byte
    }
    return false
  }

  private static func startsWithVerb(_ statement: Substring, isSaid: Bool) -> Bool {
    let first = statement.drop(while: \.isWhitespace).prefix { $0.isASCII && $0.isLetter }
    return verbs.contains(isSaid ? first.uppercased() : String(first))
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

  private static func tables(inStatement words: [Word]) -> [Mention] {
    guard let verb = words.first?.key else { return [] }
    func contains(_ key: String) -> Bool { words.contains { $0.key == key } }
    switch verb {
    case "SELECT": return contains("FROM") ? sources(words) : []
    case "WITH": return contains("AS") ? sources(words) + targets(words) : []
    case "INSERT", "REPLACE": return contains("INTO") ? targets(words) + sources(words) : []
    case "UPDATE": return contains("SET") ? targets(words) + sources(words) : []
    case "DELETE": return contains("FROM") ? targets(words) + sources(words, from: 3) : []
    case "TRUNCATE": return named(words, after: 0, .writes)
    case "CREATE", "ALTER", "DROP":
      if let place = words.firstIndex(where: { $0.key == "TABLE" }) {
        return named(words, after: place, .defines)
      }
      guard verb == "CREATE", contains("INDEX"),
        let place = words.firstIndex(where: { $0.key == "ON" })
      else { return [] }
      return named(words, after: place, .defines)
    default: return []
    }
  }

  /// Tables after `FROM` and `JOIN`.
  private static func sources(_ words: [Word], from start: Int = 0) -> [Mention] {
    let defined = commonTableExpressions(words)
    var mentions: [Mention] = []
    for index in words.indices.dropFirst(start) where namesSource(words, at: index) {
      var next = index
      repeat {
        let found = named(words, after: next, .reads)
        mentions += found.filter { !defined.contains($0.table) }
        next = comma(after: next + 1, words) ?? words.count
      } while words[index].key == "FROM" && next < words.count
    }
    return mentions
  }

  /// `FROM` and `JOIN`; not `EXTRACT(YEAR FROM x)` and `a IS DISTINCT FROM b`.
  private static func namesSource(_ words: [Word], at index: Int) -> Bool {
    guard words[index].key == "FROM" else { return words[index].key == "JOIN" }
    if index > 1, words[index - 1].key == "DISTINCT", ["IS", "NOT"].contains(words[index - 2].key) {
      return false
    }
    var depth = 0
    for back in words[..<index].indices.reversed() {
      if words[back].text == ")" { depth += 1 }
      if words[back].text == "(" { depth -= 1 }
      if depth < 0 { return back == 0 || !cutting.contains(words[back - 1].key.uppercased()) }
    }
    return true
  }

  /// `FROM a, b AS c, d`: the next comma of the same list.
  private static func comma(after index: Int, _ words: [Word]) -> Int? {
    var next = index
    while next < words.count, next <= index + 3 {
      let key = words[next].key
      if key == "," { return next }
      if keywords.contains(key) && key != "AS" || key == "(" { return nil }
      next += 1
    }
    return nil
  }

  /// Tables that the statement changes.
  private static func targets(_ words: [Word]) -> [Mention] {
    var mentions: [Mention] = []
    let sets = words.contains { $0.key == "SET" }
    for index in words.indices {
      switch words[index].key {
      case "INTO": mentions += named(words, after: index, .writes)
      case "UPDATE" where index == 0 || sets && words[index - 1].key != "DO":
        mentions += named(words, after: index, .writes)
      case "FROM" where index > 0 && words[index - 1].key == "DELETE":
        mentions += named(words, after: index, .writes)
      default: continue
      }
    }
    return mentions
  }

  private static func commonTableExpressions(_ words: [Word]) -> Set<String> {
    guard words.contains(where: { $0.key == "WITH" }) else { return [] }
    var names: Set<String> = []
    for index in words.indices.dropFirst() where words[index].key == "AS" {
      if index + 1 < words.count, words[index + 1].text == "(" {
        var back = index - 1
        if words[back].text == ")" {
          while back > 0, words[back].text != "(" { back -= 1 }
          back -= 1
        }
        if back >= 0, let name = identifier(words[back]) { names.insert(name) }
      }
    }
    return names
  }

  private static func named(
    _ words: [Word], after index: Int, _ access: TableUse.Access
  ) -> [Mention] {
    var next = index + 1
    while next < words.count, fillers.contains(words[next].key) { next += 1 }
    guard next < words.count, let name = identifier(words[next]) else { return [] }
    // A function gives rows as a table does.
    let isCall = access == .reads && next + 1 < words.count && words[next + 1].text == "("
    return isCall ? [] : [Mention(table: name, access: access)]
  }

  private static func identifier(_ word: Word) -> String? {
    keywords.contains(word.key) ? nil : identifier(word.text)
  }

  /// A name as the database knows it: without quotes and schema; `nil` for anything else.
  static func identifier(_ word: String) -> String? {
    let bare = word.filter { !"\"`'[]".contains($0) }
    let parts = bare.split(separator: ".")
    guard parts.first?.lowercased() != "information_schema",
      let name = parts.last.map(String.init), !catalogues.contains(where: name.hasPrefix),
      let first = name.first, first.isLetter || first == "_",
      name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }), !keywords.contains(name)
    else { return nil }
    return name
  }
}
