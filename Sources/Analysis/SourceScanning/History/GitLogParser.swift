// SPDX-License-Identifier: Apache-2.0

/// A commit as `git log --name-status` tells it.
struct LoggedCommit: Equatable, Sendable {
  enum Change: Equatable, Sendable {
    case changed(String)
    case removed(String)
    /// `isEdited` when the content changed as well.
    case renamed(from: String, to: String, isEdited: Bool)
  }
  var author: String
  var address: String
  var changes: [Change] = []
}

/// Reads the output of `git log -z --name-status --format=GitLogParser.format` piece by piece.
///
/// A record is `\u{1}author\u{2}address`, then for each file a status and one or two paths, all of
/// it ended by NUL. Paths are taken as they are: no quoting, any byte but NUL.
struct GitLogParser {
  static let format = "%x01%aN%x02%aE"
  /// A longer field is no path of this world; it is cut off there.
  private static let fieldLimit = 16 << 10

  private enum Expectation {
    case status
    case path(Character, similarity: Int)
    case target(from: String, isEdited: Bool, isCopy: Bool)
  }

  private var field: [UInt8] = []
  private var expectation = Expectation.status
  private var current: LoggedCommit?

  /// Takes bytes; calls back with each commit that is complete.
  mutating func take(_ bytes: some Sequence<UInt8>, _ commit: (LoggedCommit) -> Void) {
    for byte in bytes {
      if byte == 0 {
        end(String(decoding: field, as: UTF8.self), commit)
        field.removeAll(keepingCapacity: true)
      } else if field.count < Self.fieldLimit {
        field.append(byte)
      }
    }
  }

  /// The last commit ends with the output.
  mutating func finish(_ commit: (LoggedCommit) -> Void) {
    if let last = current { commit(last) }
    current = nil
  }

  private mutating func end(_ field: String, _ commit: (LoggedCommit) -> Void) {
    switch expectation {
    case .status:
      if field.hasPrefix("\u{1}") {
        finish(commit)
        let parts = field.dropFirst().split(
          separator: "\u{2}", maxSplits: 1, omittingEmptySubsequences: false)
        current = LoggedCommit(
          author: String(parts[0]), address: parts.count > 1 ? String(parts[1]) : "")
      } else {
        // A line break stands between the header and the first status.
        let status = field.drop { $0 == "\n" }
        guard let letter = status.first else { return }
        expectation = .path(letter, similarity: Int(status.dropFirst()) ?? 0)
      }
    case .path(let letter, let similarity):
      expectation = .status
      switch letter {
      case "R", "C":
        expectation = .target(from: field, isEdited: similarity < 100, isCopy: letter == "C")
      case "D": current?.changes.append(.removed(field))
      default: current?.changes.append(.changed(field))
      }
    case .target(let old, let isEdited, let isCopy):
      expectation = .status
      current?.changes.append(
        isCopy ? .changed(field) : .renamed(from: old, to: field, isEdited: isEdited))
    }
  }
}
