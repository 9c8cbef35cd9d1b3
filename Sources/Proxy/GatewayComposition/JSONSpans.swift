// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Where values that somebody asks for stand in a JSON document.
///
/// One pass reads the document as strictly as RFC 8259 has it and builds nothing: what is merged is
/// copied byte for byte, numbers with all their digits included. Depth is bounded, and time is
/// linear in the document.
package struct JSONSpans: Sendable {
  /// Deepest nesting of arrays and objects.
  package static let mostDepth = 64

  /// A place that paths lead through or to.
  private struct Node {
    /// Numbers of the paths that end here.
    var ends: [Int] = []
    var children: [(name: [UInt8], node: Int)] = []
  }

  private var nodes = [Node()]
  private let count: Int

  /// `paths`: names of members, or positions of elements, from the outside in.
  package init(_ paths: [[String]]) {
    count = paths.count
    for (number, path) in paths.enumerated() {
      var node = 0
      for name in path {
        let bytes = Array(name.utf8)
        if let child = nodes[node].children.first(where: { $0.name == bytes }) {
          node = child.node
        } else {
          nodes.append(Node())
          nodes[node].children.append((bytes, nodes.count - 1))
          node = nodes.count - 1
        }
      }
      nodes[node].ends.append(number)
    }
  }

  /// By the number of the path; nil for what is not there.
  ///
  /// - Returns: nil when the document is not JSON, is nested too deeply, or has a member twice that
  ///   a path leads through.
  package func find(in document: [UInt8]) -> [Range<Int>?]? {
    document.withUnsafeBytes { bytes in
      var scanner = Scanner(bytes, self)
      guard scanner.readDocument() else { return nil }
      guard !scanner.hasOtherThanASCII || String(validating: bytes, as: UTF8.self) != nil else {
        return nil
      }
      return scanner.spans
    }
  }

  private struct Scanner {
    private let bytes: UnsafeRawBufferPointer
    private let wanted: JSONSpans
    private var offset = 0
    private var depth = 0
    private(set) var spans: [Range<Int>?]
    private(set) var hasOtherThanASCII = false

    init(_ bytes: UnsafeRawBufferPointer, _ wanted: JSONSpans) {
      self.bytes = bytes
      self.wanted = wanted
      spans = Array(repeating: nil, count: wanted.count)
    }

    mutating func readDocument() -> Bool {
      guard readValue(0) else { return false }
      skipSpace()
      return offset == bytes.count
    }

    private mutating func skipSpace() {
      while offset < bytes.count {
        switch bytes[offset] {
        case 0x20, 0x0A, 0x0D, 0x09: offset += 1
        default: return
        }
      }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard offset < bytes.count, bytes[offset] == byte else { return false }
      offset += 1
      return true
    }

    /// `node`: what is asked for here; negative for nothing.
    private mutating func readValue(_ node: Int) -> Bool {
      skipSpace()
      guard offset < bytes.count else { return false }
      let start = offset
      let isRead =
        switch bytes[offset] {
        case UInt8(ascii: "{"): readObject(node)
        case UInt8(ascii: "["): readArray(node)
        case UInt8(ascii: "\""): readString() != nil
        case UInt8(ascii: "t"): readWord("true")
        case UInt8(ascii: "f"): readWord("false")
        case UInt8(ascii: "n"): readWord("null")
        default: readNumber()
        }
      guard isRead else { return false }
      if node >= 0 {
        for number in wanted.nodes[node].ends { spans[number] = start..<offset }
      }
      return true
    }

    private mutating func readWord(_ word: StaticString) -> Bool {
      let count = word.utf8CodeUnitCount
      guard bytes.count - offset >= count else { return false }
      for index in 0..<count where bytes[offset + index] != word.utf8Start[index] { return false }
      offset += count
      return true
    }

    private mutating func readObject(_ node: Int) -> Bool {
      offset += 1
      depth += 1
      defer { depth -= 1 }
      guard depth <= JSONSpans.mostDepth else { return false }
      var met: Set<Int> = []
      skipSpace()
      if take(UInt8(ascii: "}")) { return true }
      while true {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\""), let name = readString()
        else { return false }
        let child = node < 0 ? -1 : child(of: node, name)
        // Which of two counts is anybody's guess.
        if child >= 0, !met.insert(child).inserted { return false }
        skipSpace()
        guard take(UInt8(ascii: ":")), readValue(child) else { return false }
        skipSpace()
        if take(UInt8(ascii: ",")) { continue }
        return take(UInt8(ascii: "}"))
      }
    }

    private mutating func readArray(_ node: Int) -> Bool {
      offset += 1
      depth += 1
      defer { depth -= 1 }
      guard depth <= JSONSpans.mostDepth else { return false }
      skipSpace()
      if take(UInt8(ascii: "]")) { return true }
      var position = 0
      while true {
        let child = node < 0 ? -1 : element(position, of: node)
        guard readValue(child) else { return false }
        position += 1
        skipSpace()
        if take(UInt8(ascii: ",")) { continue }
        return take(UInt8(ascii: "]"))
      }
    }

    /// The child of a node that a member's name leads to; negative for none.
    private func child(of node: Int, _ name: Range<Int>) -> Int {
      let children = wanted.nodes[node].children
      if children.isEmpty { return -1 }
      let raw = UnsafeRawBufferPointer(rebasing: bytes[name])
      if !raw.contains(UInt8(ascii: "\\")) {
        return children.first { $0.name.elementsEqual(raw) }?.node ?? -1
      }
      let quoted = Array(bytes[(name.lowerBound - 1)...name.upperBound])
      guard case .string(let text)? = try? JSONParser.parse(quoted) else { return -1 }
      return children.first { $0.name.elementsEqual(text.utf8) }?.node ?? -1
    }

    private func element(_ position: Int, of node: Int) -> Int {
      let children = wanted.nodes[node].children
      if children.isEmpty { return -1 }
      let name = String(position).utf8
      return children.first { $0.name.elementsEqual(name) }?.node ?? -1
    }

    // MARK: Scalars

    /// What stands between the quotes; nil when it is no string.
    private mutating func readString() -> Range<Int>? {
      offset += 1
      let start = offset
      while offset < bytes.count {
        let byte = bytes[offset]
        if byte == UInt8(ascii: "\"") {
          offset += 1
          return start..<(offset - 1)
        }
        if byte == UInt8(ascii: "\\") {
          offset += 1
          guard readEscape() else { return nil }
          continue
        }
        if byte < 0x20 { return nil }
        if byte >= 0x80 { hasOtherThanASCII = true }
        offset += 1
      }
      return nil
    }

    private mutating func readEscape() -> Bool {
      guard offset < bytes.count else { return false }
      let byte = bytes[offset]
      offset += 1
      guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
      guard let first = readHexadecimal() else { return false }
      if !(0xD800..<0xE000).contains(first) { return true }
      guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")),
        let second = readHexadecimal()
      else { return false }
      return (0xDC00..<0xE000).contains(second)
    }

    private mutating func readHexadecimal() -> Int? {
      var value = 0
      for _ in 0..<4 {
        guard offset < bytes.count,
          let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
        else { return nil }
        value = value << 4 | digit
        offset += 1
      }
      return value
    }

    private mutating func readDigits() -> Int {
      let start = offset
      while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
      return offset - start
    }

    private mutating func readNumber() -> Bool {
      _ = take(UInt8(ascii: "-"))
      let isZero = offset < bytes.count && bytes[offset] == UInt8(ascii: "0")
      let whole = readDigits()
      if whole == 0 || isZero && whole > 1 { return false }
      if take(UInt8(ascii: ".")), readDigits() == 0 { return false }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
        return readDigits() > 0
      }
      return true
    }
  }
}
