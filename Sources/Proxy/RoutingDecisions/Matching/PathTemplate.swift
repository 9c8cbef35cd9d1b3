// SPDX-License-Identifier: Apache-2.0

/// The paths a route takes: `/orders`, `/orders/{id}/items` or `/orders/**`.
///
/// A segment is literal text or `{name}`, which takes any one non-empty segment. `/**` at the end
/// takes the path before it and everything below. A trailing slash counts: `/orders/` is not
/// `/orders`. Percent-encoded unreserved characters equal the plain ones (RFC 3986, 6.2.2.2), so
/// `/%6Frders` cannot slip past a route for `/orders`.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
  /// One segment between slashes.
  public enum Segment: Sendable, Hashable {
    /// Exactly this text, percent-encoding normalised.
    case literal(String)
    /// Any one non-empty segment; the name is for people.
    case parameter(String)
  }

  /// The segments before an ending `/**`.
  public let segments: [Segment]
  /// Whether the template ends in `/**`.
  public let takesEverythingBelow: Bool

  /// Why a text is not a path template.
  public struct ParsingError: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what to write instead.
    public let description: String
  }

  /// Most segments a template may have.
  public static let maximumSegments = 64

  /// `/**`.
  public static let everything = PathTemplate(segments: [], takesEverythingBelow: true)

  private init(segments: [Segment], takesEverythingBelow: Bool) {
    self.segments = segments
    self.takesEverythingBelow = takesEverythingBelow
  }

  /// Parses a template.
  public init(parsing text: String) throws(ParsingError) {
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw ParsingError(description: "expected a path that starts with \"/\"")
    }
    var parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    takesEverythingBelow = parts.last == "**"
    if takesEverythingBelow { parts.removeLast() }
    guard parts.count <= Self.maximumSegments else {
      throw ParsingError(description: "expected at most \(Self.maximumSegments) segments")
    }
    var segments: [Segment] = []
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1 && !takesEverythingBelow
      segments.append(try Self.segment(part, isLast: isLast))
    }
    self.segments = segments
  }

  private static func segment(_ text: Substring, isLast: Bool) throws(ParsingError) -> Segment {
    if text.isEmpty, !isLast {
      throw ParsingError(description: "an empty segment (\"//\") is refused before routing")
    }
    if text.hasPrefix("{"), text.hasSuffix("}") {
      let name = text.dropFirst().dropLast()
      guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
        throw ParsingError(
          description: "expected letters, digits, \"-\" and \"_\" between the braces")
      }
      return .parameter(String(name))
    }
    try checkCharacters(text)
    let normalized = Array(text.utf8).withUnsafeBytes(PathSegmentBytes.normalized)
    let literal = String(decoding: normalized, as: UTF8.self)
    if literal == "." || literal == ".." {
      throw ParsingError(description: "a dot segment is refused before routing")
    }
    try checkEscapes(literal)
    return .literal(literal)
  }

  private static func checkCharacters(_ text: Substring) throws(ParsingError) {
    for byte in text.utf8 where !isLiteralByte(byte) {
      switch byte {
      case UInt8(ascii: "*"), UInt8(ascii: "{"), UInt8(ascii: "}"):
        throw ParsingError(
          description: "expected \"{name}\" for one whole segment or \"/**\" at the end")
      case UInt8(ascii: "?"):
        throw ParsingError(
          description: "\"?\" does not belong to a path; conditions go under \"query\"")
      default: throw ParsingError(description: "a character has to be percent-encoded")
      }
    }
  }

  /// What the parser of requests refuses can never match.
  private static func checkEscapes(_ literal: String) throws(ParsingError) {
    for part in literal.split(separator: "%", omittingEmptySubsequences: false).dropFirst() {
      let digits = part.utf8.prefix(2)
      guard digits.count == 2, let byte = UInt8(part.prefix(2), radix: 16) else {
        throw ParsingError(description: "\"%\" is not followed by two hexadecimal digits")
      }
      let isRefused = byte < 0x20 || byte == 0x7F || "/\\".utf8.contains(byte)
      if isRefused {
        throw ParsingError(
          description: "\"%\(part.prefix(2))\" in a path is refused before routing")
      }
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    PathSegmentBytes.isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  /// RFC 3986 `pchar`, with `%` taken as it is.
  private static func isLiteralByte(_ byte: UInt8) -> Bool {
    PathSegmentBytes.isUnreserved(byte) || "%!$&'()+,;=:@".utf8.contains(byte)
  }

  /// The template's text, percent-encoding normalised.
  public var description: String {
    var text = ""
    for segment in segments {
      switch segment {
      case .literal(let literal): text += "/" + literal
      case .parameter(let name): text += "/{" + name + "}"
      }
    }
    return takesEverythingBelow ? text + "/**" : text
  }

  /// Names of its parameters.
  var parameterNames: [String] {
    segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// What a path has in place of the parameters, as received; nil for a path that it does not take.
  func parameters(of path: UnsafeRawBufferPointer) -> [String: [UInt8]]? {
    guard path.first == UInt8(ascii: "/") else { return nil }
    let parts = path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isLongEnough =
      takesEverythingBelow ? parts.count >= segments.count : parts.count == segments.count
    guard isLongEnough else { return nil }
    var found: [String: [UInt8]] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .literal(let literal):
        let bytes = UnsafeRawBufferPointer(rebasing: part)
        guard PathSegmentBytes.normalized(bytes).elementsEqual(literal.utf8) else { return nil }
      case .parameter(let name):
        if part.isEmpty { return nil }
        found[name] = Array(part)
      }
    }
    return found
  }
}
