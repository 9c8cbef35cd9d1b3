// SPDX-License-Identifier: Apache-2.0

import Playbooks
import Testing

/// Marks between what the steps write, however the pipe cuts it.
@Suite struct PlaybookStreamTests {
  private static let written =
    "\u{1E}T step 1\none\n\u{1E}X step 7\nhalf a line\u{1E}T done 1\n\u{1E}T step 2\nzwölf ✓"
    + "\u{1E}T failed 33 2 test \"$(count)\" -eq 3\n\u{1E}T ending\nlast"

  private static func joined(_ pieces: [PlaybookStream.Piece]) -> [String] {
    var found: [String] = []
    var text: [UInt8] = []
    func end() {
      if !text.isEmpty { found.append(String(decoding: text, as: UTF8.self)) }
      text = []
    }
    for piece in pieces {
      switch piece {
      case .output(let bytes): text += bytes
      case .mark(let mark):
        end()
        found.append("\(mark)")
      }
    }
    end()
    return found
  }

  @Test(arguments: [1, 2, 3, 5, 1_000]) func `pieces of any size`(size: Int) {
    var stream = PlaybookStream(token: "T")
    let bytes = Array(Self.written.utf8)
    var pieces: [PlaybookStream.Piece] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      pieces += stream.take(bytes[start..<min(start + size, bytes.count)])
    }
    let expected: [PlaybookStream.Piece] = [
      .mark(.begun(step: 1)), .output(Array("one\n\u{1E}X step 7\nhalf a line".utf8)),
      .mark(.done(step: 1)), .mark(.begun(step: 2)), .output(Array("zwölf ✓".utf8)),
      .mark(.failed(line: 33, status: 2, command: "test \"$(count)\" -eq 3")), .mark(.ending),
      .output(Array("last".utf8)),
    ]
    #expect(Self.joined(pieces) == Self.joined(expected))
    #expect(stream.end().isEmpty)
  }

  @Test func `a character is not cut in two`() {
    var stream = PlaybookStream(token: "T")
    let bytes = Array("a✓".utf8)
    #expect(stream.take(bytes[..<2]) == [.output([0x61])])
    #expect(stream.take(bytes[2...]) == [.output(Array("✓".utf8))])
    #expect(stream.take(bytes[1...1]).isEmpty && stream.end() == [bytes[1]])
  }

  @Test func `a mark without an end is output`() {
    var stream = PlaybookStream(token: "T")
    let long = Array("\u{1E}T ".utf8) + [UInt8](repeating: 0x61, count: 17 << 10)
    #expect(Self.joined(stream.take(long)).map(\.utf8.count) == [long.count])
  }
}
