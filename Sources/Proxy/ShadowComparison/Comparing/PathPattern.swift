// SPDX-License-Identifier: Apache-2.0

/// A place in a response: `status`, `header:location`, or a member path such as `items[].price`.
///
/// Array indices are left out, so that the thousandth order line is the same place as the first. A
/// member whose name has a dot, bracket or quote is written `["a.b"]`.
public struct ResponsePath: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The text.
  public let description: String

  /// Takes the text as reports print it.
  public init(_ description: String) { self.description = description }

  static let status = ResponsePath("status")
  static let body = ResponsePath("body")
  static func header(_ name: String) -> ResponsePath { ResponsePath("header:" + name.lowercased()) }
  static let root = ResponsePath("")

  func member(_ name: String) -> ResponsePath {
    let plain =
      !name.isEmpty && !name.contains { $0 == "." || $0 == "[" || $0 == "]" || $0 == "\"" }
    guard plain else { return ResponsePath(description + "[\"" + name + "\"]") }
    return ResponsePath(description.isEmpty ? name : description + "." + name)
  }

  var elements: ResponsePath { ResponsePath(description + "[]") }

  /// The path as a report shows it: the whole document is `body`.
  var shown: ResponsePath { description.isEmpty ? .body : self }

  /// Orders by text.
  public static func < (left: ResponsePath, right: ResponsePath) -> Bool {
    left.description < right.description
  }
}

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
