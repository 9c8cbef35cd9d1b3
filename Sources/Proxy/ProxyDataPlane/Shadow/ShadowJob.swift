// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import ShadowComparison

/// One exchange with legacy that the extracted side is asked to repeat.
struct ShadowJob: Sendable {
  let route: ShadowRoute
  let request: ShadowRequest
  /// Keeps the bytes counted for as long as they are kept.
  let hold: ShadowHold
  /// What legacy answered.
  let answer: ComparedResponse
  /// How long that took.
  let microseconds: Int
}

/// A request as legacy got it.
struct ShadowRequest: Sendable {
  /// What a copy is sent for; the value of the field that marks it.
  enum Purpose: String {
    case mirror, compare
    /// Legacy is asked once more.
    case again
  }

  /// Tells whoever is asked that this is no user.
  static let mark = "x-strangler-shadow"

  /// Fields by which a user is known, and by which a write is.
  private static let withheld: Set<String> = [
    "authorization", "cookie", "proxy-authorization", "idempotency-key", "x-api-key",
    "x-auth-token", "x-amz-security-token", "x-forwarded-client-cert", mark,
  ]

  let bytes: [UInt8]
  let headLength: Int
  let isSafe: Bool

  var bodyCount: Int { bytes.count - headLength }

  /// The head to send, without what the route withholds. A write loses what lets it act for a user,
  /// and gets a key of its own: a service that shares its store of keys must not take the two for
  /// one.
  func markedHead(
    _ purpose: Purpose, key: UInt64, without others: Set<String> = []
  ) -> [UInt8] {
    var added = "\(Self.mark): \(purpose.rawValue)\r\n"
    if !isSafe { added += "idempotency-key: shadow-\(String(key, radix: 16))\r\n" }
    let lineEnd = (bytes.firstIndex(of: 10) ?? -1) + 1
    var copy: [UInt8] = []
    copy.reserveCapacity(headLength + added.utf8.count)
    copy += bytes[..<lineEnd]
    copy += added.utf8
    // Whoever is trusted may have marked the request himself.
    let withheld = others.union(isSafe ? [Self.mark] : Self.withheld)
    for line in bytes[lineEnd..<headLength].split(separator: 10, omittingEmptySubsequences: false)
      .dropLast() where !withheld.contains(Self.name(of: line))
    {
      copy += line
      copy.append(10)
    }
    return copy
  }

  private static func name(of line: ArraySlice<UInt8>) -> String {
    let name = line.prefix { $0 != UInt8(ascii: ":") }
    return ShadowConfiguration.comparedName(String(decoding: name, as: UTF8.self))
  }

  /// Method and target.
  var line: (method: String, target: String) {
    let words = bytes.prefix { $0 != 13 }.split(separator: 32)
    guard words.count >= 2 else { return ("", "") }
    return (String(decoding: words[0], as: UTF8.self), String(decoding: words[1], as: UTF8.self))
  }
}
