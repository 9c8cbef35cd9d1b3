// SPDX-License-Identifier: Apache-2.0

/// What `Cache-Control` says of an answer (RFC 9111, 5.2.2), as far as answers can be put together.
public struct CacheControl: Sendable, Hashable, CustomStringConvertible {
  /// Nobody may keep it.
  public var noStore = false
  /// Nobody may use what was kept without asking again.
  public var noCache = false
  /// Only the client itself may keep it.
  public var isPrivate = false
  /// Shared caches may keep it although it was asked for by somebody in particular.
  public var isPublic = false
  /// What is stale may not be used.
  public var mustRevalidate = false
  /// The same of shared caches.
  public var proxyRevalidate = false
  /// Nobody may change it on the way.
  public var noTransform = false
  /// Seconds for which it is fresh.
  public var maxAge = 0
  /// Seconds for which it is fresh in shared caches.
  public var sharedMaxAge = 0

  /// Of an answer that may be used again only once its server was asked: of one that says nothing,
  /// too, since nothing else about a composed answer would let a cache guess.
  public static let unsaid: CacheControl = {
    var control = CacheControl()
    control.noCache = true
    return control
  }()

  /// Of an answer that nobody may keep.
  public static let noStore: CacheControl = {
    var control = CacheControl()
    control.noStore = true
    return control
  }()

  private init() {}

  /// Reads the value of a field, or of several.
  ///
  /// - Parameters:
  ///   - values: of all fields of that name.
  ///   - age: seconds that the answer has spent in caches already.
  public init(parsing values: [String], age: Int = 0) {
    var own: Int?
    var shared: Int?
    for directive in values.flatMap(Self.directives) {
      let seconds = Self.seconds(directive.value)
      switch directive.name {
      case "no-store": noStore = true
      // Those for single fields hold for all of them: a merged answer has other ones.
      case "no-cache": noCache = true
      case "private": isPrivate = true
      case "public": isPublic = true
      case "must-revalidate": mustRevalidate = true
      case "proxy-revalidate": proxyRevalidate = true
      case "no-transform": noTransform = true
      case "max-age": own = min(own ?? .max, seconds)
      case "s-maxage": shared = min(shared ?? .max, seconds)
      default: break
      }
    }
    if own == nil, shared == nil { noCache = true }
    maxAge = max(0, (own ?? 0) - age)
    sharedMaxAge = max(0, (shared ?? own ?? 0) - age)
  }

  /// Whether a text has directives that are known, and nothing else.
  public static func isKnown(_ text: String) -> Bool {
    let flags: Set = [
      "no-store", "no-cache", "private", "public", "must-revalidate", "proxy-revalidate",
      "no-transform",
    ]
    let directives = directives(text)
    return !directives.isEmpty
      && directives.allSatisfy { directive in
        if flags.contains(directive.name) { return directive.value.isEmpty }
        return ["max-age", "s-maxage"].contains(directive.name) && Int(directive.value) != nil
      }
  }

  private static func directives(_ text: String) -> [(name: String, value: String)] {
    var directives: [String] = [""]
    var isQuoted = false
    for character in text {
      if character == "\"" { isQuoted.toggle() }
      if character == ",", !isQuoted {
        directives.append("")
      } else {
        directives[directives.count - 1].append(character)
      }
    }
    return directives.compactMap { directive in
      let halves = directive.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = trimmed(halves[0]).lowercased()
      if name.isEmpty { return nil }
      return (name, halves.count == 2 ? trimmed(halves[1]) : "")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    let blanks: Set<Character> = [" ", "\t"]
    var text = text.drop { blanks.contains($0) }
    while let last = text.last, blanks.contains(last) { text.removeLast() }
    return String(text)
  }

  /// What cannot be read is stale already (RFC 9111, 4.2.1).
  private static func seconds(_ text: String) -> Int {
    let digits = text.hasPrefix("\"") ? text.dropFirst().dropLast() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return 0 }
    return min(Int(digits) ?? 1 << 31, 1 << 31)
  }

  /// What holds for an answer made of several: nobody may do with the whole what he may not do with
  /// a part.
  public static func strictest(_ parts: [CacheControl]) -> CacheControl {
    guard let first = parts.first else { return unsaid }
    return parts.dropFirst().reduce(into: first) { whole, part in
      whole.noStore = whole.noStore || part.noStore
      whole.noCache = whole.noCache || part.noCache
      whole.isPrivate = whole.isPrivate || part.isPrivate
      whole.isPublic = whole.isPublic && part.isPublic
      whole.mustRevalidate = whole.mustRevalidate || part.mustRevalidate
      whole.proxyRevalidate = whole.proxyRevalidate || part.proxyRevalidate
      whole.noTransform = whole.noTransform || part.noTransform
      whole.maxAge = min(whole.maxAge, part.maxAge)
      whole.sharedMaxAge = min(whole.sharedMaxAge, part.sharedMaxAge)
    }
  }

  /// The field's value.
  public var description: String {
    if noStore { return "no-store" }
    var directives: [String] = []
    if isPrivate {
      directives.append("private")
    } else if isPublic {
      directives.append("public")
    }
    if noCache {
      directives.append("no-cache")
    } else {
      directives.append("max-age=\(maxAge)")
      if sharedMaxAge != maxAge, !isPrivate { directives.append("s-maxage=\(sharedMaxAge)") }
    }
    if mustRevalidate { directives.append("must-revalidate") }
    if proxyRevalidate { directives.append("proxy-revalidate") }
    if noTransform { directives.append("no-transform") }
    return directives.joined(separator: ", ")
  }
}
