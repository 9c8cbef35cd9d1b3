// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// A path template as regular expressions over the whole path, without anchors.
///
/// To routing, `%61` is `a` and `%2C` is not `,` (RFC 3986, 6.2.2.2). Where a template holds only
/// letters, digits and `-._~`, that makes no difference to a path which is decoded completely; the
/// expression then is one that people can read. Any other has to look at the path as it came.
struct PathExpression {
  private let template: PathTemplate

  init(_ template: PathTemplate) { self.template = template }

  /// The decoded path says less than the one that came.
  var needsReceivedPath: Bool {
    template.segments.contains { segment in
      guard case .literal(let text) = segment else { return false }
      return !text.utf8.allSatisfy(Self.isUnreserved)
    }
  }

  /// Over the path with unreserved characters decoded. That is also the decoded path, unless
  /// `needsReceivedPath`.
  var normalized: String {
    expression { byte in ExpressionText.literal(byte) }
  }

  /// Over the path as the client sent it.
  var received: String {
    expression { byte in
      Self.isUnreserved(byte) ? ExpressionText.eitherForm(byte) : ExpressionText.literal(byte)
    }
  }

  private func expression(_ character: (UInt8) -> String) -> String {
    var text = ""
    for segment in template.segments {
      text += "/"
      switch segment {
      case .parameter: text += "[^/]+"
      case .literal(let literal): text += Self.literal(literal, character)
      }
    }
    guard template.takesEverythingBelow else { return text }
    return text.isEmpty ? "/.*" : text + "(?:/.*)?"
  }

  /// Encoded characters of a template are checked ones, and in upper case; requests' need not be.
  private static func literal(_ text: String, _ character: (UInt8) -> String) -> String {
    var expression = ""
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let encoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        expression += ExpressionText.escape(encoded)
        rest = rest.dropFirst(2)
      } else {
        expression += character(byte)
      }
    }
    return expression
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    ExpressionText.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
  }
}
