// SPDX-License-Identifier: Apache-2.0

/// What a shell that carries out a playbook writes, taken apart into its output and the marks of
/// its program.
package struct PlaybookStream: Sendable {
  package enum Piece: Sendable, Equatable {
    case output([UInt8])
    case mark(Mark)
  }

  package enum Mark: Sendable, Equatable {
    case begun(step: Int)
    case done(step: Int)
    /// A command failed, as it was written, and the shell stops.
    case failed(line: Int, status: Int, command: String)
    /// The shell ends its jobs.
    case ending
  }

  /// A mark's first byte, which no text has.
  private static let separator: UInt8 = 0x1E
  private static let lineBreak: UInt8 = 0x0A
  /// A mark that is longer is output: a command fits.
  private static let longestMark = 16 << 10

  private let token: [UInt8]
  private var rest: [UInt8] = []

  /// - Parameter token: that of the script.
  package init(token: String) { self.token = Array(token.utf8) + [0x20] }

  /// Takes what has come; the beginning of a mark is kept until its end is there.
  package mutating func take(_ bytes: some Sequence<UInt8>) -> [Piece] {
    rest += bytes
    var pieces: [Piece] = []
    while let start = rest.firstIndex(of: Self.separator) {
      if start > 0 { pieces.append(.output(Array(rest[..<start]))) }
      rest.removeFirst(start)
      guard isBeginning else {
        pieces.append(.output([rest.removeFirst()]))
        continue
      }
      guard let end = rest.firstIndex(of: Self.lineBreak) else {
        guard rest.count > Self.longestMark else { return pieces }
        pieces.append(.output([rest.removeFirst()]))
        continue
      }
      let words = String(decoding: rest[(1 + token.count)..<end], as: UTF8.self)
      if let mark = Self.mark(words) { pieces.append(.mark(mark)) }
      rest.removeSubrange(...end)
    }
    let whole = rest.count - Self.begun(at: rest)
    if whole > 0 { pieces.append(.output(Array(rest[..<whole]))) }
    rest.removeFirst(whole)
    return pieces
  }

  /// What is left when nothing comes any more.
  package mutating func end() -> [UInt8] {
    defer { rest = [] }
    return rest
  }

  /// Bytes at the end that begin a character of UTF-8 and do not finish it.
  private static func begun(at bytes: [UInt8]) -> Int {
    for (behind, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > behind + 1 ? behind + 1 : 0
    }
    return 0
  }

  /// Whether what is left may be a mark with the right token.
  private var isBeginning: Bool {
    let known = min(rest.count - 1, token.count)
    return rest[1..<(1 + known)].elementsEqual(token.prefix(known))
  }

  private static func mark(_ words: String) -> Mark? {
    let parts = words.split(separator: " ", maxSplits: 3)
    func number(_ index: Int) -> Int? { parts.count > index ? Int(parts[index]) : nil }
    switch parts.first {
    case "step": return number(1).map { .begun(step: $0) }
    case "done": return number(1).map { .done(step: $0) }
    case "ending": return .ending
    case "failed":
      guard let line = number(1), let status = number(2), parts.count == 4 else { return nil }
      return .failed(line: line, status: status, command: String(parts[3]))
    default: return nil
    }
  }
}
