// SPDX-License-Identifier: Apache-2.0

/// Pairs of schemas that were compared, and which of them get along.
///
/// A pair gets along when nothing of its own breaks and all that it leads to gets along; of the
/// alternatives of a reader one is enough. Schemas refer to each other in circles, so the answer is
/// the largest set of pairs for which this holds.
struct SchemaPairs {
  /// Most pairs.
  private static let limit = 50_000

  /// Where a pair leads to.
  struct Edge: Sendable {
    /// From the value to its member or element: `/total`, `/*`.
    var step: String
    var pair: Int
  }

  /// What a writer's alternative is held to.
  struct Alternative: Sendable {
    enum Otherwise: Sendable {
      /// What that option tells.
      case option(Int)
      case change(SchemaChange)
    }

    /// Pairs of which one is enough.
    var options: [Int]
    /// All of them are enough too; there are none where it is not divided.
    var pieces: [Alternative] = []
    /// What is told where neither is so.
    var otherwise: Otherwise
  }

  struct Pair: Sendable {
    /// What it says of its own.
    var own: [SchemaChange] = []
    var edges: [Edge] = []
    var alternatives: [Alternative] = []
  }

  private var numbers: [String: Int] = [:]
  private var pairs: [Pair] = []
  private var getsAlong: [Bool] = []
  private var isSolved = true

  var isFull: Bool { pairs.count > Self.limit }

  /// The pair of a name, and whether it was not known before.
  mutating func pair(_ name: String) -> (pair: Int, isNew: Bool) {
    if let known = numbers[name] { return (known, false) }
    numbers[name] = pairs.count
    pairs.append(Pair())
    return (pairs.count - 1, true)
  }

  mutating func set(_ number: Int, _ pair: Pair) {
    pairs[number] = pair
    isSolved = false
  }

  /// A pair on the way from where a search begins.
  private struct Place {
    var pair: Int
    /// Number of the place before.
    var from: Int
    /// From the value there to the one here.
    var step: String
  }

  /// What changed at a pair and everywhere that it leads to, what is nearest first.
  mutating func changes(from root: Int) -> [SchemaChange] {
    if !isSolved { solve() }
    var found: [SchemaChange] = []
    var reached: Set<Int> = [root]
    var places = [Place(pair: root, from: 0, step: "")]
    var next = 0
    func reach(_ pair: Int, _ step: String) {
      if reached.insert(pair).inserted { places.append(Place(pair: pair, from: next, step: step)) }
    }
    func follow(_ alternative: Alternative) {
      if let option = alternative.options.first(where: { getsAlong[$0] }) {
        reach(option, "")
      } else if areEnough(alternative.pieces) {
        alternative.pieces.forEach(follow)
      } else {
        switch alternative.otherwise {
        case .option(let option): reach(alternative.options[option], "")
        case .change(let change): found.append(change.below(Self.path(to: next, in: places)))
        }
      }
    }
    while next < places.count {
      let pair = pairs[places[next].pair]
      if !pair.own.isEmpty {
        let path = Self.path(to: next, in: places)
        found += pair.own.map { $0.below(path) }
      }
      for edge in pair.edges { reach(edge.pair, edge.step) }
      pair.alternatives.forEach(follow)
      next += 1
    }
    return found
  }

  private static func path(to place: Int, in places: [Place]) -> String {
    var (steps, place): ([String], Int) = ([], place)
    while place > 0 {
      steps.append(places[place].step)
      place = places[place].from
    }
    return steps.reversed().joined()
  }

  private mutating func solve() {
    getsAlong = pairs.map { pair in pair.own.allSatisfy { $0.severity == .warning } }
    var isChanged = true
    while isChanged {
      isChanged = false
      // Pairs mostly lead to those that were met after them.
      for number in pairs.indices.reversed() where getsAlong[number] {
        let pair = pairs[number]
        let holds =
          pair.edges.allSatisfy { getsAlong[$0.pair] } && pair.alternatives.allSatisfy(holds)
        if !holds {
          getsAlong[number] = false
          isChanged = true
        }
      }
    }
    isSolved = true
  }

  private func holds(_ alternative: Alternative) -> Bool {
    alternative.options.contains { getsAlong[$0] } || areEnough(alternative.pieces)
  }

  private func areEnough(_ pieces: [Alternative]) -> Bool {
    !pieces.isEmpty && pieces.allSatisfy(holds)
  }
}
