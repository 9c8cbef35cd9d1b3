// SPDX-License-Identifier: Apache-2.0

/// Matches paths: `*` stands for characters within one segment, `**` for any characters.
///
/// `items[].id` is that member only; `**.updatedAt` is the member at any depth below the first;
/// `updatedAt` the one at the top; `meta**` is `meta` with everything in it.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
  /// The text as written in the rules.
  public let text: String
  private let pattern: [UInt8]

  /// Creates a pattern.
  public init(_ text: String) {
    self.text = text
    pattern = Array(text.utf8)
  }

  /// As written in the rules.
  public var description: String { text }

  /// True when the whole path matches.
  public func matches(_ path: ResponsePath) -> Bool { matches(path.description) }

  func matches(_ text: String) -> Bool { Self.match(pattern, Array(text.utf8)) }

  private static let star = UInt8(ascii: "*")

  /// Goes back to the last `*`, which ends with its segment, or else to the last `**`. What stood
  /// before those has found the first place that it can have, and no later one would help.
  private static func match(_ pattern: [UInt8], _ path: [UInt8]) -> Bool {
    var (place, cursor) = (0, 0)
    var shallow: (place: Int, cursor: Int)?
    var deep: (place: Int, cursor: Int)?
    while true {
      if place < pattern.count, pattern[place] == star {
        let isDeep = place + 1 < pattern.count && pattern[place + 1] == star
        place += isDeep ? 2 : 1
        if isDeep { deep = (place, cursor) }
        shallow = isDeep ? nil : (place, cursor)
      } else if cursor == path.count {
        return place == pattern.count
      } else if place < pattern.count, pattern[place] == path[cursor] {
        place += 1
        cursor += 1
      } else if let last = shallow, path[last.cursor] != UInt8(ascii: ".") {
        shallow = (last.place, last.cursor + 1)
        (place, cursor) = (last.place, last.cursor + 1)
      } else if let last = deep {
        deep = (last.place, last.cursor + 1)
        (place, cursor) = (last.place, last.cursor + 1)
        shallow = nil
      } else {
        return false
      }
    }
  }
}
