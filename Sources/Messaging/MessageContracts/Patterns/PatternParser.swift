// SPDX-License-Identifier: Apache-2.0

/// Why a pattern cannot be used.
struct PatternProblem: Error, CustomStringConvertible {
  let description: String
}

/// A regular expression as a tree.
indirect enum PatternTree {
  case characters([ClosedRange<UInt32>])
  case sequence([PatternTree])
  case choice([PatternTree])
  case repeated(PatternTree, least: Int, most: Int?)
  case start
  case end
}

/// The part of ECMA-262's expressions that describes sets of texts: no look-around, no
/// back-references, no `\b` and `\p`.
struct PatternParser {
  private static let last: UInt32 = 0x10FFFF
  private static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
  private static let word: [ClosedRange<UInt32>] = [
    0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A,
  ]
  private static let space: [ClosedRange<UInt32>] = [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ]
  private static let lineEnds: [ClosedRange<UInt32>] = [
    0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029,
  ]
  /// Deepest nesting of groups, and most repetitions of one part.
  private static let depthLimit = 32
  private static let repeatLimit = 1_000

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var depth = 0

  static func parse(_ text: String) throws(PatternProblem) -> PatternTree {
    var parser = PatternParser(scalars: Array(text.unicodeScalars))
    let tree = try parser.choice()
    guard parser.index == parser.scalars.count else { throw parser.problem("a ) without its (") }
    return tree
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private func problem(_ text: String) -> PatternProblem {
    PatternProblem(description: "the pattern has \(text) at character \(index + 1)")
  }

  private func unsupported(_ text: String) -> PatternProblem {
    problem("\(text), which is not supported,")
  }

  private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    index += 1
    return true
  }

  private mutating func choice() throws(PatternProblem) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw problem("too many groups in each other") }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(PatternProblem) -> PatternTree {
    var parts: [PatternTree] = []
    while let next, next != "|", next != ")" {
      index += 1
      var part = try atom(next)
      if let (least, most) = try quantifier() {
        if case .start = part { throw problem("a repeated ^") }
        if case .end = part { throw problem("a repeated $") }
        // Lazy or greedy, the set of texts is the same.
        _ = take("?")
        part = .repeated(part, least: least, most: most)
      }
      parts.append(part)
    }
    return .sequence(parts)
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws(PatternProblem) -> PatternTree {
    switch scalar {
    case "^": return .start
    case "$": return .end
    case ".": return .characters(Self.inverted(Self.lineEnds))
    case "[": return .characters(try characterClass())
    case "\\": return .characters(try escape())
    case "(":
      if take("?"), !take(":") { throw unsupported("(?, other than (?:") }
      let tree = try choice()
      guard take(")") else { throw problem("a ( without its )") }
      return tree
    case "*", "+", "?", "{", "}", "]": throw problem("a \(scalar) that must be written \\\(scalar)")
    default: return .characters([scalar.value...scalar.value])
    }
  }

  private mutating func quantifier() throws(PatternProblem) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard take("{") else { return nil }
    guard let least = try number() else { throw problem("a { without a number") }
    var most: Int? = least
    if take(",") { most = try number() }
    guard take("}"), most ?? least >= least else { throw problem("a malformed {m,n}") }
    return (least, most)
  }

  private mutating func number() throws(PatternProblem) -> Int? {
    var value: Int?
    while let digit = next.flatMap({ Character($0).wholeNumberValue }), let next, next.isASCII {
      value = (value ?? 0) * 10 + digit
      index += 1
      guard value ?? 0 <= Self.repeatLimit else {
        throw problem("more than \(Self.repeatLimit) repetitions")
      }
    }
    return value
  }

  // MARK: - Characters

  static func inverted(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var inverted: [ClosedRange<UInt32>] = []
    var from: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > from { inverted.append(from...(range.lowerBound - 1)) }
      from = max(from, range.upperBound + 1)
    }
    if from <= last { inverted.append(from...last) }
    return inverted
  }

  private mutating func escape() throws(PatternProblem) -> [ClosedRange<UInt32>] {
    guard let scalar = next else { throw problem("a \\ at its end,") }
    index += 1
    switch scalar {
    case "d": return Self.digits
    case "D": return Self.inverted(Self.digits)
    case "w": return Self.word
    case "W": return Self.inverted(Self.word)
    case "s": return Self.space
    case "S": return Self.inverted(Self.space)
    case "t": return [0x09...0x09]
    case "n": return [0x0A...0x0A]
    case "v": return [0x0B...0x0B]
    case "f": return [0x0C...0x0C]
    case "r": return [0x0D...0x0D]
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    default:
      let isName = scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
      guard !isName else { throw unsupported("\\\(scalar)") }
      return [scalar.value...scalar.value]
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(PatternProblem) -> [ClosedRange<UInt32>] {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = next.flatMap({ Character($0).hexDigitValue }) else {
        throw problem("an escape without its \(count) digits")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    guard Unicode.Scalar(value) != nil else { throw unsupported("half of a surrogate pair") }
    return [value...value]
  }

  private mutating func characterClass() throws(PatternProblem) -> [ClosedRange<UInt32>] {
    let isInverted = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while true {
      guard let scalar = next else { throw problem("a [ without its ]") }
      index += 1
      if scalar == "]" { break }
      let first = try member(scalar)
      guard next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
        ranges += first
        continue
      }
      index += 1
      let end = scalars[index]
      index += 1
      let last = try member(end)
      guard first.count == 1, last.count == 1, first[0].count == 1, last[0].count == 1,
        first[0].lowerBound <= last[0].lowerBound
      else { throw problem("a range with wrong ends") }
      ranges.append(first[0].lowerBound...last[0].lowerBound)
    }
    return isInverted ? Self.inverted(ranges) : ranges
  }

  private mutating func member(
    _ scalar: Unicode.Scalar
  ) throws(PatternProblem) -> [ClosedRange<UInt32>] {
    if scalar == "[" { throw problem("a [ in a class that must be written \\[") }
    guard scalar == "\\" else { return [scalar.value...scalar.value] }
    if take("b") { return [0x08...0x08] }
    if take("-") { return [0x2D...0x2D] }
    return try escape()
  }
}
