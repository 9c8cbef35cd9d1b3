// SPDX-License-Identifier: Apache-2.0

/// Finds what a mistyped name was probably meant to be.
package enum NearNames {
  private static let most = 3
  /// Letters that may be wrong, as a part of the name's length.
  private static let tolerance = 3

  /// At most three names, the nearest first: differing in case, a few letters, or the beginning.
  package static func find(_ name: String, among names: [String]) -> [String] {
    let wanted = Array(name.lowercased().utf8)
    guard !wanted.isEmpty else { return [] }
    let limit = max(1, wanted.count / tolerance)
    var found: [(distance: Int, name: String)] = []
    for candidate in Set(names) {
      let lowercased = candidate.lowercased()
      let last = lowercased.split(separator: ".").last.map(String.init) ?? lowercased
      var distance = min(
        Self.distance(wanted, Array(lowercased.utf8), limit: limit),
        Self.distance(wanted, Array(last.utf8), limit: limit))
      if distance > limit, wanted.count >= 3, last.contains(name.lowercased()) { distance = limit }
      if distance <= limit { found.append((distance, candidate)) }
    }
    return found.sorted {
      ($0.distance, $0.name.count, $0.name) < ($1.distance, $1.name.count, $1.name)
    }
    .prefix(most).map(\.name)
  }

  /// Levenshtein distance; anything above `limit` is `limit + 1`.
  static func distance(_ first: [UInt8], _ second: [UInt8], limit: Int) -> Int {
    guard abs(first.count - second.count) <= limit else { return limit + 1 }
    var row = Array(0...second.count)
    for (line, byte) in first.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for column in second.indices {
        let replaced = diagonal + (byte == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return min(row[second.count], limit + 1)
  }
}
