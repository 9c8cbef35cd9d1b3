// SPDX-License-Identifier: Apache-2.0

/// Collects what is wrong with a document while it is read, and where each key stands, so that
/// checks of the decoded value can point at the file too.
final class Findings {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var places: ConfigurationPlaces
  /// Every key that could stand where the document has a mapping.
  private(set) var knownKeys: Set<String> = []

  init(file: String) {
    places = ConfigurationPlaces(file: file)
  }

  func note(_ key: String, at mark: ConfigurationNode.Mark) {
    places.marks[key] = mark
  }

  func know(_ keys: [String]) { knownKeys.formUnion(keys) }

  func error(_ key: String, at mark: ConfigurationNode.Mark, _ message: String) {
    diagnostics.append(
      Diagnostic(.error, location: places.location(mark), key: key, message: message))
  }

  /// Whether an error was found at a key, around it or inside it: then what was decoded there is
  /// a placeholder, and no further finding about it would help.
  func hasError(at key: String) -> Bool {
    diagnostics.contains { $0.severity == .error && Self.overlap($0.key, key) }
  }

  private static func overlap(_ left: String, _ right: String) -> Bool {
    let (outer, inner) = left.count < right.count ? (left, right) : (right, left)
    guard inner.hasPrefix(outer) else { return false }
    let next = inner.dropFirst(outer.count).first
    return outer.isEmpty || next == nil || next == "." || next == "["
  }

  /// Adds findings that carry keys only; each gets the place of its key or of the nearest one
  /// around it.
  func add(_ unplaced: [Diagnostic]) { diagnostics += unplaced.map(places.place) }
}

/// Where each key of a document stands.
struct ConfigurationPlaces: Sendable, Equatable {
  let file: String
  fileprivate(set) var marks: [String: ConfigurationNode.Mark] = [:]

  init(file: String) {
    self.file = file
  }

  /// The finding with the place of its key, or of the nearest one around it.
  func place(_ unplaced: Diagnostic) -> Diagnostic {
    var diagnostic = unplaced
    diagnostic.location = location(mark(near: diagnostic.key))
    return diagnostic
  }

  private func mark(near key: String) -> ConfigurationNode.Mark {
    var key = key[...]
    while !key.isEmpty {
      if let mark = marks[String(key)] { return mark }
      let end = key.lastIndex { $0 == "." || $0 == "[" }
      key = key[..<(end ?? key.startIndex)]
    }
    return marks[""] ?? ConfigurationNode.Mark(line: 1, column: 1)
  }

  fileprivate func location(_ mark: ConfigurationNode.Mark) -> SourceLocation {
    SourceLocation(file: file, line: mark.line, column: mark.column)
  }
}
