// SPDX-License-Identifier: Apache-2.0

/// A path that code registers, as the proxy's configuration writes it: `{name}` for one segment,
/// `**` at the end for the rest, everything else percent-encoded (RFC 3986).
enum RouteTemplate {
  /// What the proxy cannot say, such as `{name}.png` or `**` in the middle, stays as it is: the
  /// proxy refuses it with its reason.
  static func text(_ path: String) -> String {
    let segments = path.split(separator: "/")
    let last = segments.count - 1
    let written = segments.enumerated().map { place, segment in
      segment == "**" && place == last ? "**" : text(ofSegment: segment)
    }
    return "/" + written.joined(separator: "/")
  }

  /// True where a segment takes more than one text, so that no path below it is its own.
  static func isVariable(_ segment: some StringProtocol) -> Bool {
    segment.hasPrefix(":") || segment.contains { "{}*".contains($0) }
  }

  private static func text(ofSegment segment: Substring) -> String {
    if segment == "*" { return "{any}" }
    if segment.hasPrefix(":") { return parameter(segment.dropFirst()) }
    if segment.hasPrefix("{"), segment.hasSuffix("}") {
      return parameter(segment.dropFirst().dropLast())
    }
    return isVariable(segment) ? String(segment) : encoded(segment)
  }

  /// The name of a parameter is for people; the proxy takes letters, digits, `-` and `_`.
  private static func parameter(_ name: Substring) -> String {
    let plain = ConfigurationNames.plain(String(name)).replacing(".", with: "-")
    return "{\(plain.isEmpty ? "value" : plain)}"
  }

  /// Percent-encodes what may not stand in a segment; what is encoded already stays so.
  private static func encoded(_ segment: Substring) -> String {
    let digits = Array("0123456789ABCDEF")
    let bytes = Array(segment.utf8)
    var text = ""
    for (place, byte) in bytes.enumerated() {
      let isEscape = byte == UInt8(ascii: "%") && startsEscape(bytes, place)
      if isEscape || allowed.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return text
  }

  private static func startsEscape(_ bytes: [UInt8], _ place: Int) -> Bool {
    let digits = bytes.dropFirst(place + 1).prefix(2)
    return digits.count == 2
      && digits.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
  }

  /// RFC 3986 `pchar` without `%`.
  private static let allowed = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()+,;=:@".utf8)
}
