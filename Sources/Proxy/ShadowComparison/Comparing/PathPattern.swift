// SPDX-License-Identifier: Apache-2.0

/// Matches paths: `*` stands for characters within one segment, `**` for any characters.
///
/// `items[].id` is that member only; `**.updatedAt` is the member at any depth below the first;
/// `updatedAt` the one at the top; `meta**` is `meta` with everything in it.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
  /// The text as written in the rules.
  public let text: String
  private let pattern: [UInt8]

  /// Creates a pattern.
  public init(_ text: String) {
    self.text = text
    pattern = Array(text.utf8)
  }

  /// As written in the rules.
  public var description: String { text }

  /// True when the whole path matches.
  public func matches(_ path: ResponsePath) -> Bool {
    Self.match(pattern[...], Array(path.description.utf8)[...])
  }

  private static let star = UInt8(ascii: "*")

  /// Backtracks to the last `*` or `**` only; rules and paths are short.
  private static func match(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return path.isEmpty }
    guard first == star else {
      return path.first == first && match(pattern.dropFirst(), path.dropFirst())
    }
    let isDeep = pattern.dropFirst().first == star
    let rest = pattern.dropFirst(isDeep ? 2 : 1)
    var tail = path
    while true {
      if match(rest, tail) { return true }
      guard let byte = tail.first, isDeep || byte != UInt8(ascii: ".") else { return false }
      tail = tail.dropFirst()
    }
  }
}
