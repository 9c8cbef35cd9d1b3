// SPDX-License-Identifier: Apache-2.0

/// A pattern of paths relative to a folder: `*` stands for any characters of one name, `?` for one
/// of them, `**` for any number of folders. A pattern that matches a folder matches all that is in
/// it, and one without `/` matches that name anywhere.
package struct PathPattern: Sendable, Equatable {
  private let segments: [[Character]]

  package init(_ pattern: String) {
    let parts = pattern.split(separator: "/").filter { $0 != "." }
    let isAnywhere = parts.count == 1 && !pattern.hasPrefix("/") && !pattern.hasPrefix("./")
    segments = (isAnywhere ? [Array("**")] : []) + parts.map { Array($0) }
  }

  package func matches(_ path: String) -> Bool {
    let names = path.split(separator: "/").map { Array($0) }
    // How many names at the beginning the segments so far may stand for.
    var reached = Set([0])
    for segment in segments {
      if segment == ["*", "*"] {
        guard let first = reached.min() else { return false }
        reached = Set(first...names.count)
      } else {
        reached = Set(
          reached.filter { $0 < names.count && Self.matches(segment[...], names[$0][...]) }
            .map { $0 + 1 })
      }
      if reached.isEmpty { return false }
    }
    // `Sources/**` is everything below, not the folder itself.
    return segments.last == ["*", "*"] ? reached.contains(names.count) : !segments.isEmpty
  }

  /// A name against a segment; steps back to the last `*` only, so that no pattern takes long.
  private static func matches(
    _ segment: ArraySlice<Character>, _ name: ArraySlice<Character>
  ) -> Bool {
    var (place, rest) = (segment.startIndex, name.startIndex)
    var retry: (place: Int, rest: Int)?
    while rest < name.endIndex {
      if place < segment.endIndex, segment[place] == "*" {
        retry = (place + 1, rest)
        place += 1
      } else if place < segment.endIndex, segment[place] == "?" || segment[place] == name[rest] {
        place += 1
        rest += 1
      } else if let last = retry {
        retry = (last.place, last.rest + 1)
        (place, rest) = (last.place, last.rest + 1)
      } else {
        return false
      }
    }
    return segment[place...].allSatisfy { $0 == "*" }
  }
}
