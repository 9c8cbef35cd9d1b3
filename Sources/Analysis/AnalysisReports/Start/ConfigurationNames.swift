// SPDX-License-Identifier: Apache-2.0

/// Names for routes and upstreams as the proxy takes them, each given once. They stand in URLs,
/// metrics and logs: up to 64 ASCII letters, digits, `-`, `_` and `.`.
struct ConfigurationNames {
  private static let longest = 64
  private var taken: Set<String>

  /// YAML reads these as nothing.
  private static let nothing: Set<String> = ["null", "Null", "NULL"]

  init(taken: Set<String>) { self.taken = taken.union(Self.nothing) }

  /// The name that is wanted, or one like it that the proxy takes and that nobody has.
  mutating func unique(_ wanted: String, else fallback: String) -> String {
    let plain = Self.plain(wanted)
    let stem = plain.isEmpty ? fallback : plain
    var candidate = String(stem.prefix(Self.longest))
    var number = 2
    while !taken.insert(candidate).inserted {
      let ending = "-\(number)"
      candidate = stem.prefix(Self.longest - ending.count) + ending
      number += 1
    }
    return candidate
  }

  /// `größe` becomes `grosse`: letters without their marks, `-` for anything else, and nothing for
  /// letters of other scripts, which have no such likeness.
  static func plain(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        let isName = "-_.".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
        plain += isName || ("0"..."9").contains(scalar) ? String(scalar) : "-"
      } else {
        plain += latin(scalar)
      }
    }
    let parts = plain.split(separator: "-").joined(separator: "-")
    return parts.allSatisfy({ $0 == "." || $0 == "-" }) ? "" : parts
  }

  /// The letters that a letter with a mark is drawn from, as its name in Unicode says.
  private static func latin(_ scalar: Unicode.Scalar) -> String {
    guard let name = scalar.properties.name else { return "" }
    for (size, isCapital) in [("SMALL", false), ("CAPITAL", true)] {
      guard name.hasPrefix("LATIN \(size) LETTER ") else { continue }
      let words = name.split(separator: " ").dropFirst(3)
      let letters = words.starts(with: ["SHARP", "S"]) ? "SS" : words.first ?? ""
      guard letters.count <= 2 else { return "" }
      return isCapital ? String(letters) : letters.lowercased()
    }
    switch scalar.properties.generalCategory {
    case .spaceSeparator, .dashPunctuation, .connectorPunctuation, .otherPunctuation: return "-"
    default: return ""
    }
  }
}
