// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Lines are read in blocks; what a byte means must not depend on its place in one.
@Suite("Field lines at every offset")
struct FieldLineTests {
  private static let lengths = 1...40

  private static func parse(
    _ line: [UInt8], followedBy rest: [UInt8]
  ) -> (outcome: HeadParse, fields: [(name: [UInt8], value: [UInt8])]) {
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + line + rest
    let limits = MessageLimits()
    let storage = HeadStorage(capacity: limits.fieldCount)
    var progress = HeadProgress()
    var head = RequestHead()
    return bytes.withUnsafeBytes { bytes in
      let outcome = RequestHeadParser(limits: limits).parse(
        bytes, &progress, into: storage, head: &head)
      guard case .complete = outcome else { return (outcome, []) }
      return (
        outcome, storage.view.dropFirst().map { (Array(bytes[$0.name]), Array(bytes[$0.value])) }
      )
    }
  }

  /// The empty line alone, so that the last line is at the end of the memory, and with bytes
  /// behind.
  private static let ends = ["\r\n\r\n", "\r\n\r\n0123456789abcdef0123456789abcdef"].map {
    Array($0.utf8)
  }

  @Test("Names and values of every length are found", arguments: ends)
  func everyLength(_ end: [UInt8]) {
    for length in Self.lengths {
      let name = [UInt8](repeating: UInt8(ascii: "n"), count: length)
      let value = (0..<length).map { UInt8(0x21 + $0) }
      let (_, fields) = Self.parse(name + Array(": ".utf8) + value, followedBy: end)
      #expect(fields.count == 1)
      #expect(fields.first?.name == name)
      #expect(fields.first?.value == value)
    }
  }

  @Test("What ends a line in a value is found wherever it stands, and nothing else is taken for it")
  func lineEnds() {
    var wrong: [String] = []
    for length in Self.lengths {
      for place in 0..<length {
        for byte in UInt8.min...UInt8.max {
          var value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
          value[place] = byte
          let isFound = value.withUnsafeBytes { $0.holdsLineEnd }
          let endsLine = byte == 0 || byte == 10 || byte == 13
          if isFound != endsLine { wrong.append("\(byte) at \(place) of \(length)") }
        }
      }
    }
    #expect(wrong == [])
    #expect(!UnsafeRawBufferPointer(start: nil, count: 0).holdsLineEnd)
  }

  @Test(
    "What ends a line is found among bytes that are nearly as small",
    arguments: [1, 9, 12, 15] as [UInt8])
  func lineEndsAmongSmallBytes(_ small: UInt8) {
    var wrong: [String] = []
    for length in Self.lengths {
      let clean = [UInt8](repeating: small, count: length)
      if clean.withUnsafeBytes({ $0.holdsLineEnd }) { wrong.append("none in \(length)") }
      for place in 0..<length {
        for byte: UInt8 in [0, 10, 13] {
          var value = clean
          value[place] = byte
          if !value.withUnsafeBytes({ $0.holdsLineEnd }) {
            wrong.append("\(byte) at \(place) of \(length)")
          }
        }
      }
    }
    #expect(wrong == [])
  }

  @Test("A control character is found wherever it stands", arguments: ends)
  func controls(_ end: [UInt8]) {
    for length in Self.lengths {
      for place in 0..<length {
        for control: UInt8 in [0x00, 0x1f, 0x7f] {
          var value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
          value[place] = control
          let (outcome, _) = Self.parse(Array("name: ".utf8) + value, followedBy: end)
          #expect(outcome == .rejected(.controlCharacter), "\(control) at \(place) of \(length)")
        }
      }
    }
  }

  @Test("A byte that no name may hold is found wherever it stands", arguments: ends)
  func names(_ end: [UInt8]) {
    for length in Self.lengths {
      for place in 0..<length {
        for byte in Array("@[{(/\"é".utf8) {
          var name = [UInt8](repeating: UInt8(ascii: "Z"), count: length)
          name[place] = byte
          let (outcome, _) = Self.parse(name + Array(": v".utf8), followedBy: end)
          #expect(outcome == .rejected(.invalidFieldName), "\(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test("Tabs and bytes above ASCII are part of a value, and white space around it is not")
  func whiteSpace() {
    for length in Self.lengths {
      let value = [UInt8](repeating: 0xc3, count: length) + [9, 0x7e]
      let line = Array("Name:\t ".utf8) + value + Array(" \t".utf8)
      let (_, fields) = Self.parse(line, followedBy: Self.ends[0])
      #expect(fields.first?.value == value)
    }
  }
}
