// SPDX-License-Identifier: Apache-2.0

/// In which order to extract: what is ready first. A service that can be moved by routing and whose
/// border holds goes before others; then the one with the fewest problems that block it, then the
/// one that shares the fewest tables, then the cheapest. After each step the problems, tables and
/// cuts of the extracted service are paid, so the next one is judged by what is left.
struct ExtractionOrder {
  /// A use of a foreign table costs as much as this many references: data has to be moved.
  static let tableUseCost = 5
  /// Stability below which a service is likely to be made of left-overs; it waits for a closer
  /// look.
  static let leastStability = 0.75

  struct Candidate {
    var name: String
    /// Requests can be moved route by route. A service that only has jobs, or that nothing reaches
    /// from outside, cannot be moved by routing; it goes last.
    var hasRoutes: Bool
    var stability: Double
    /// No more references cross its border than stay inside.
    var isHeld = true

    /// Worth starting with: movable, and with a border that holds.
    var isReady: Bool { hasRoutes && isHeld && stability >= ExtractionOrder.leastStability }
  }

  private let candidates: [Candidate]
  /// What nobody extracts: ties to it stay open until the other side leaves.
  private let remainder: Int?
  /// What each service shares with each other one.
  private let costs: [[Int: Int]]
  private var problems: OpenTies
  private var sharedTables: OpenTies
  /// What each service that is left shares with the others that are left.
  private var prices: [Int]

  /// - Parameters:
  ///   - references: services on both ends of what crosses.
  ///   - tables: services that use a table and that own it.
  ///   - problems: services that each blocking problem ties.
  ///   - sharedTables: services that use each table.
  ///   - remainder: what remains of the monolith, which is in no order.
  init(
    _ candidates: [Candidate], references: [(from: Int, to: Int)],
    tables: [(from: Int, to: Int)], problems: [Set<Int>] = [], sharedTables: [Set<Int>] = [],
    remainder: Int? = nil
  ) {
    self.candidates = candidates
    self.remainder = remainder
    var costs = [[Int: Int]](repeating: [:], count: candidates.count)
    for pair in references {
      costs[pair.from][pair.to, default: 0] += 1
      costs[pair.to][pair.from, default: 0] += 1
    }
    for pair in tables {
      costs[pair.from][pair.to, default: 0] += Self.tableUseCost
      costs[pair.to][pair.from, default: 0] += Self.tableUseCost
    }
    self.costs = costs
    prices = costs.map { $0.values.reduce(0, +) }
    self.problems = OpenTies(problems, services: candidates.count)
    self.sharedTables = OpenTies(sharedTables, services: candidates.count)
  }

  /// Service indices in order of extraction.
  func services() -> [Int] {
    var state = self
    var left = candidates.indices.filter { $0 != remainder }
    var order: [Int] = []
    while let next = left.min(by: { state.precedes($0, $1) }) {
      order.append(next)
      left.removeAll { $0 == next }
      state.pay(next)
    }
    return order
  }

  private func precedes(_ first: Int, _ second: Int) -> Bool {
    let (one, two) = (candidates[first], candidates[second])
    if one.isReady != two.isReady { return one.isReady }
    if one.hasRoutes != two.hasRoutes { return one.hasRoutes }
    for (left, right) in [
      (problems.open[first], problems.open[second]),
      (sharedTables.open[first], sharedTables.open[second]), (prices[first], prices[second]),
    ] where left != right {
      return left < right
    }
    if one.stability != two.stability { return one.stability > two.stability }
    return (one.name, first) < (two.name, second)
  }

  private mutating func pay(_ service: Int) {
    problems.remove(service)
    sharedTables.remove(service)
    for (other, cost) in costs[service] { prices[other] -= cost }
  }
}

/// Things that tie services, as long as two of them are left.
private struct OpenTies {
  private var members: [Set<Int>]
  private var tiesOf: [[Int]]
  /// Number of open ties of each service.
  private(set) var open: [Int]

  init(_ ties: [Set<Int>], services: Int) {
    members = ties.filter { $0.count > 1 }
    tiesOf = [[Int]](repeating: [], count: services)
    for (tie, services) in members.enumerated() {
      for service in services { tiesOf[service].append(tie) }
    }
    open = tiesOf.map(\.count)
  }

  mutating func remove(_ service: Int) {
    for tie in tiesOf[service] {
      members[tie].remove(service)
      if members[tie].count == 1, let last = members[tie].first { open[last] -= 1 }
    }
  }
}
