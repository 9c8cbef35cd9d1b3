// SPDX-License-Identifier: Apache-2.0

/// A place in a response: `status`, `header:location`, or a member path such as `items[].price`.
///
/// Array indices are left out, so that the thousandth order line is the same place as the first. A
/// member whose name has a dot, bracket, quote or star is written `["a.b"]`, and so is one at the
/// top that is called like a place of the message: `["status"]`. Names are an answer's
/// own: a path longer than `mostBytes` ends in a hash of all of it.
public struct ResponsePath: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Most bytes of a path that are an answer's own.
  static let mostBytes = 512

  /// The text.
  public let description: String

  /// Takes the text as reports print it.
  public init(_ description: String) {
    self.description = BoundedText.name(description, bytes: Self.mostBytes)
  }

  package static let status = ResponsePath("status")
  package static let body = ResponsePath("body")
  package static func header(_ name: String) -> ResponsePath {
    ResponsePath("header:" + name.lowercased())
  }
  package static let root = ResponsePath("")

  package func member(_ name: String) -> ResponsePath {
    let isPlain =
      !name.isEmpty && !name.utf8.contains { Self.special.contains($0) }
      && !(description.isEmpty && ResponsePath(name).isOfMessage)
    guard isPlain else {
      let quoted = name.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
      return ResponsePath(description + "[\"" + String(quoted) + "\"]")
    }
    return ResponsePath(description.isEmpty ? name : description + "." + name)
  }

  private static let special = Set(".[]\"*".utf8)

  package var elements: ResponsePath { ResponsePath(description + "[]") }

  /// The path as a report shows it: the whole document is `body`.
  package var shown: ResponsePath { description.isEmpty ? .body : self }

  /// It was too long, so nobody knows how it ended.
  var isCut: Bool { description.utf8.count > Self.mostBytes }

  /// Name of the header that it is, as far as its text tells.
  var headerName: String? {
    description.hasPrefix("header:") ? String(description.dropFirst(7)) : nil
  }

  /// It is no place within a document, as far as its text tells.
  var isOfMessage: Bool { self == .status || self == .body || headerName != nil }

  /// Orders by text.
  public static func < (left: ResponsePath, right: ResponsePath) -> Bool {
    left.description < right.description
  }
}

// MARK: - Steps

extension ResponsePath {
  /// A part of a path.
  struct Step: Equatable {
    /// Name of the member; nil for the elements of an array.
    var name: String?
    /// How the path says it, with the dot in front.
    var text: String
  }

  /// The way from the document to the place.
  var steps: [Step] {
    let bytes = Array(description.utf8)
    var steps: [Step] = []
    var cursor = 0
    while cursor < bytes.count {
      let start = cursor
      var name: [UInt8]?
      if bytes[cursor...].starts(with: "[]".utf8) {
        cursor += 2
      } else if bytes[cursor...].starts(with: "[\"".utf8) {
        cursor += 2
        name = Self.quotedName(bytes, &cursor)
      } else {
        if bytes[cursor] == UInt8(ascii: ".") { cursor += 1 }
        name = Array(
          bytes[cursor...].prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") })
        cursor += name?.count ?? 0
        // A bracket that opens nothing: no text of ours.
        if cursor == start { cursor += 1 }
      }
      steps.append(
        Step(
          name: name.map { String(decoding: $0, as: UTF8.self) },
          text: String(decoding: bytes[start..<cursor], as: UTF8.self)))
    }
    return steps
  }

  /// From behind the opening quote to behind the closing bracket; a path that was cut has neither.
  private static func quotedName(_ bytes: [UInt8], _ cursor: inout Int) -> [UInt8] {
    var name: [UInt8] = []
    while cursor < bytes.count, bytes[cursor] != UInt8(ascii: "\"") {
      if bytes[cursor] == UInt8(ascii: "\\"), cursor + 1 < bytes.count { cursor += 1 }
      name.append(bytes[cursor])
      cursor += 1
    }
    cursor = min(bytes.count, cursor + 2)
    return name
  }
}
