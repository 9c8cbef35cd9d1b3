// SPDX-License-Identifier: Apache-2.0

/// Finds what was probably meant by a misspelt name.
package enum Spelling {
  /// What to say of a name that is none of the candidates.
  package static func guess(_ name: String, among candidates: [String]) -> String {
    nearest(to: name, among: candidates).map { "did you mean \"\($0)\"?" }
      ?? "expected one of \(candidates.joined(separator: ", "))"
  }

  /// The nearest candidate by edits, if it is near enough to be more help than noise.
  package static func nearest(to name: String, among candidates: [String]) -> String? {
    let limit = max(1, min(3, name.count / 3))
    let ranked = candidates.map { (distance: distance(name, $0), name: $0) }
      .filter { $0.distance <= limit }
    return ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.lowercased())
    let right = Array(right.lowercased())
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
        var best = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, beforeLast[column - 1] + 1)
        }
        current.append(best)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
