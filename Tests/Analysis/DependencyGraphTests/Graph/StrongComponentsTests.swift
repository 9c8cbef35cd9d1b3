// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct StrongComponentsTests {
  /// Random graphs against what reaching each other means.
  @Test(arguments: 0..<30)
  func `nodes share a component when each reaches the other`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let count = 12
    var reaches = (0..<count).map { node in (0..<count).map { $0 == node } }
    var successors = [[Int]](repeating: [], count: count)
    for from in 0..<count {
      for to in 0..<count where from != to && random.next() % 8 == 0 {
        successors[from].append(to)
        reaches[from][to] = true
      }
    }
    for middle in 0..<count {
      for from in 0..<count where reaches[from][middle] {
        for to in 0..<count where reaches[middle][to] { reaches[from][to] = true }
      }
    }
    let components = StrongComponents(successors: successors)
    for from in 0..<count {
      for to in 0..<count {
        let isSame = components.component[from] == components.component[to]
        #expect(isSame == (reaches[from][to] && reaches[to][from]), "seed \(seed)")
        // Whoever reaches another component has the higher number.
        if !isSame, reaches[from][to] {
          #expect(components.component[from] > components.component[to], "seed \(seed)")
        }
      }
    }
    #expect(components.count == Set(components.component).count)
  }

  @Test func `a long path does not overflow the stack`() {
    let count = 200_000
    let components = StrongComponents(
      successors: (0..<count).map { $0 + 1 < count ? [$0 + 1] : [] })
    #expect(components.count == count)
  }
}
