// SPDX-License-Identifier: Apache-2.0

/// A compiled pattern. It matches in time that grows with text and pattern only, whoever wrote the
/// text, and two can be compared.
struct TextPattern: Sendable {
  private enum Step: Sendable {
    case characters([ClosedRange<UInt32>], next: Int)
    case split([Int])
    case start(next: Int)
    case end(next: Int)
    case found
  }

  /// Most steps of one pattern.
  private static let stepLimit = 4_000

  /// As it was written.
  let text: String
  private var steps: [Step] = [.found]
  private var entry = 0

  init(_ text: String) throws(PatternProblem) {
    self.text = text
    entry = try compile(PatternParser.parse(text), next: 0)
  }

  private mutating func add(_ step: Step) throws(PatternProblem) -> Int {
    guard steps.count < Self.stepLimit else {
      throw PatternProblem(description: "the pattern is too large; repeat less in it")
    }
    steps.append(step)
    return steps.count - 1
  }

  private mutating func compile(
    _ tree: PatternTree, next: Int
  ) throws(PatternProblem) -> Int {
    switch tree {
    case .characters(let ranges): return try add(.characters(ranges, next: next))
    case .start: return try add(.start(next: next))
    case .end: return try add(.end(next: next))
    case .sequence(let parts):
      var next = next
      for part in parts.reversed() { next = try compile(part, next: next) }
      return next
    case .choice(let branches):
      var entries: [Int] = []
      for branch in branches { entries.append(try compile(branch, next: next)) }
      return try add(.split(entries))
    case .repeated(let part, let least, let most):
      var next = next
      if let most {
        let end = next
        for _ in least..<max(least, most) {
          next = try add(.split([try compile(part, next: next), end]))
        }
      } else {
        let loop = try add(.split([]))
        steps[loop] = .split([try compile(part, next: loop), next])
        next = loop
      }
      for _ in 0..<least { next = try compile(part, next: next) }
      return next
    }
  }

  // MARK: - Matching

  /// How far a text has been looked at.
  struct Progress: Sendable, Hashable {
    /// Steps that take the next character.
    fileprivate var waiting: Set<Int> = []
    fileprivate var isFound = false
    fileprivate var isStart = true
  }

  /// Every step that is reached from where a match may begin or stands, without a character.
  private func reached(_ progress: Progress, isEnd: Bool) -> Set<Int> {
    var reached: Set<Int> = []
    var pending = Array(progress.waiting) + [entry]
    while let index = pending.popLast() {
      guard reached.insert(index).inserted else { continue }
      switch steps[index] {
      case .split(let nexts): pending += nexts
      case .start(let next): if progress.isStart { pending.append(next) }
      case .end(let next): if isEnd { pending.append(next) }
      case .characters, .found: break
      }
    }
    return reached
  }

  /// Whether the text so far matches if it ends here. The step that finds is the first.
  fileprivate func matches(_ progress: Progress) -> Bool {
    progress.isFound || reached(progress, isEnd: true).contains(0)
  }

  fileprivate func advanced(_ progress: Progress, by scalar: UInt32) -> Progress {
    guard !progress.isFound else { return progress }
    var next = Progress(isStart: false)
    let reached = reached(progress, isEnd: false)
    next.isFound = reached.contains(0)
    guard !next.isFound else { return next }
    for index in reached {
      if case .characters(let ranges, let following) = steps[index],
        ranges.contains(where: { $0.contains(scalar) })
      {
        next.waiting.insert(following)
      }
    }
    return next
  }

  /// Whether some part of the text matches.
  func matches(_ text: String) -> Bool {
    var progress = Progress()
    for scalar in text.unicodeScalars {
      progress = advanced(progress, by: scalar.value)
      if progress.isFound { return true }
    }
    return matches(progress)
  }

  // MARK: - Comparing

  /// What is known of two patterns.
  enum Comparison: Sendable, Equatable {
    /// The other matches every text that this one matches.
    case included
    /// A text that only this one matches.
    case counterexample(String)
    /// Too large to tell.
    case undecided
  }

  /// Most pairs of positions that are looked at.
  private static let pairLimit = 3_000

  private var bounds: [UInt32] {
    steps.flatMap { step in
      if case .characters(let ranges, _) = step {
        ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] }
      } else {
        []
      }
    }
  }

  /// One character of each kind that neither pattern tells apart, legible ones first.
  private func alphabet(_ other: TextPattern) -> [UInt32] {
    let surrogates: Range<UInt32> = 0xD800..<0xE000
    let last: UInt32 = 0x10FFFF
    let cuts = Set(bounds + other.bounds + [0, 0xD800, 0xE000]).filter { $0 <= last }.sorted()
    let legible: [UInt32] = [0x61, 0x30, 0x41, 0x2D, 0x20]
    return cuts.indices.compactMap { index in
      let end = index + 1 < cuts.count ? cuts[index + 1] : last + 1
      guard !surrogates.contains(cuts[index]) else { return nil }
      return legible.first { (cuts[index]..<end).contains($0) } ?? cuts[index]
    }
  }

  /// Whether every text that matches this pattern matches the other.
  func compared(with other: TextPattern) -> Comparison {
    if text.utf8.elementsEqual(other.text.utf8) { return .included }
    struct Pair: Hashable {
      var own = Progress()
      var other = Progress()
    }
    let alphabet = alphabet(other)
    var seen: Set<Pair> = [Pair()]
    var queue: [(pair: Pair, text: String)] = [(Pair(), "")]
    var index = 0
    while index < queue.count {
      let (pair, text) = queue[index]
      index += 1
      if matches(pair.own), !other.matches(pair.other) { return .counterexample(text) }
      // Whatever follows matches both.
      if pair.other.isFound { continue }
      for scalar in alphabet {
        let next = Pair(
          own: advanced(pair.own, by: scalar), other: other.advanced(pair.other, by: scalar))
        guard seen.insert(next).inserted else { continue }
        guard seen.count <= Self.pairLimit else { return .undecided }
        queue.append((next, text + (Unicode.Scalar(scalar).map(String.init) ?? "")))
      }
    }
    return .included
  }
}
