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
          let optional = try compile(part, next: next)
          // A part without characters is the same however often it stands there.
          guard optional != next else { break }
          next = try add(.split([optional, end]))
        }
      } else {
        let loop = try add(.split([]))
        steps[loop] = .split([try compile(part, next: loop), next])
        next = loop
      }
      for _ in 0..<least {
        let before = next
        next = try compile(part, next: before)
        guard next != before else { break }
      }
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

  /// What is known of several patterns.
  enum Comparison: Sendable, Equatable {
    /// The other matches every text that these match.
    case included
    /// A text that these match and the other does not.
    case counterexample(String)
    /// Too large to tell.
    case undecided
  }

  /// Longest text that a pattern of lengths tells apart, in characters.
  static let longest = 200
  /// Most positions in all patterns at once that are looked at.
  private static let positionLimit = 3_000

  /// Texts of some lengths; nil where all are allowed, and where they are too long for a pattern.
  init?(length: CountRange) {
    guard length != CountRange(), !length.isEmpty, length.least <= Self.longest,
      length.most ?? 0 <= Self.longest
    else { return nil }
    text = "\(length.least) to \(length.most.map(String.init) ?? "any") characters"
    let anything = PatternTree.characters(PatternParser.inverted([]))
    let tree = PatternTree.sequence([
      .start, .repeated(anything, least: length.least, most: length.most), .end,
    ])
    guard let entry = try? compile(tree, next: 0) else { return nil }
    self.entry = entry
  }

  private var bounds: [UInt32] {
    steps.flatMap { step -> [UInt32] in
      if case .characters(let ranges, _) = step {
        return ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] }
      }
      return []
    }
  }

  /// One character of each kind that no pattern tells apart, legible ones where there are some.
  private static func alphabet(_ patterns: [TextPattern]) -> [UInt32] {
    let surrogates: Range<UInt32> = 0xD800..<0xE000
    let last: UInt32 = 0x10FFFF
    let cuts = Set(patterns.flatMap(\.bounds) + [0, 0xD800, 0xE000]).filter { $0 <= last }.sorted()
    let legible: [UInt32] = [0x61, 0x30, 0x41, 0x2D, 0x20]
    let kinds = cuts.indices.compactMap { index -> UInt32? in
      let end = index + 1 < cuts.count ? cuts[index + 1] : last + 1
      guard !surrogates.contains(cuts[index]) else { return nil }
      return legible.first { (cuts[index]..<end).contains($0) } ?? cuts[index]
    }
    return kinds.sorted {
      (legible.firstIndex(of: $0) ?? 9, $0) < (legible.firstIndex(of: $1) ?? 9, $1)
    }
  }

  /// The shortest text that all of some patterns match and another does not; `included` where there
  /// is none. Without another, the shortest text that all match.
  static func text(matching patterns: [TextPattern], avoiding other: TextPattern?) -> Comparison {
    let all = patterns + (other.map { [$0] } ?? [])
    let first = all.map { _ in Progress() }
    let alphabet = alphabet(all)
    var seen: Set<[Progress]> = [first]
    var queue: [(state: [Progress], text: String)] = [(first, "")]
    var index = 0
    while index < queue.count {
      let (state, text) = queue[index]
      index += 1
      let matched = patterns.indices.allSatisfy { patterns[$0].matches(state[$0]) }
      if matched, !(other?.matches(state[patterns.count]) ?? false) {
        return .counterexample(text)
      }
      // Whatever follows matches the other.
      if other != nil, state[patterns.count].isFound { continue }
      for scalar in alphabet {
        let next = all.indices.map { all[$0].advanced(state[$0], by: scalar) }
        guard seen.insert(next).inserted else { continue }
        guard seen.count <= positionLimit else { return .undecided }
        queue.append((next, text + (Unicode.Scalar(scalar).map(String.init) ?? "")))
      }
    }
    return .included
  }
}
