// SPDX-License-Identifier: Apache-2.0

/// Modules that a file imports, told from its lines: enough to know which folders are modules
/// before anything is parsed.
enum ImportLines {
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
  ]
  private static let modifiers: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]

  static func modules(in bytes: [UInt8]) -> Set<String> {
    var modules: Set<String> = []
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      var words = line.split { $0 == " " || $0 == "\t" }[...]
      while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) {
        words = words.dropFirst()
      }
      guard words.popFirst() == "import" else { continue }
      if let kind = words.first, kinds.contains(kind) { words = words.dropFirst() }
      guard let name = words.first?.prefix(while: { $0.isLetter || $0.isNumber || $0 == "_" }),
        !name.isEmpty
      else { continue }
      modules.insert(String(name))
    }
    return modules
  }
}
