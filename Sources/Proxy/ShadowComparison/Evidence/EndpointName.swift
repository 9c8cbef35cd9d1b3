// SPDX-License-Identifier: Apache-2.0

/// The name under which requests are reported together: `GET /orders/{id}` for `/orders/42?x=1`.
///
/// Segments that look like keys of records become `{id}`: digits, UUIDs, long texts with digits in
/// them, and addresses of mail. Everything else stays, so two endpoints are never taken for one by
/// mistake; one whose keys look like words falls apart into many, up to the limit of endpoints.
public enum EndpointName {
  /// Most bytes of a name; a longer one ends in a hash of all of it.
  private static let mostBytes = 512
  /// Longest segment that is taken for a word although it has digits.
  private static let longestWord = 15

  /// Names the endpoint of a request.
  ///
  /// - Parameter target: path with or without query.
  public static func of(method: String, target: String) -> String {
    let path = target.prefix { $0 != "?" && $0 != "#" }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
      .map { isKey($0) ? "{id}" : String($0) }
    return BoundedText.name(method + " " + segments.joined(separator: "/"), bytes: mostBytes)
  }

  private static func isKey(_ segment: Substring) -> Bool {
    let bytes = segment.utf8
    if bytes.contains(UInt8(ascii: "@")) || segment.contains("%40") { return true }
    let digits = bytes.count { (0x30...0x39).contains($0) }
    if digits == bytes.count { return digits > 0 }
    let isHexadecimal = bytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
    }
    return digits > 0 && (bytes.count > longestWord || (isHexadecimal && bytes.count >= 8))
  }
}
