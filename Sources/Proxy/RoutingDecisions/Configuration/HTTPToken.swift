// SPDX-License-Identifier: Apache-2.0

/// Tokens of RFC 9110, section 5.6.2: methods, field names, cookie names.
enum HTTPToken {
  static func isValid(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        PathSegmentBytes.isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0)
      }
  }
}
