// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct MinimumCutTests {
  @Test func `the narrowest place of a chain is cut`() {
    var network = MinimumCut(nodeCount: 5)
    network.holdAtSource(2, 10)
    network.join(2, 3, 4)
    network.join(3, 4, 3)
    network.holdAtSink(4, 10)
    let (price, isWithSource) = network.solve()
    #expect(price == 3)
    #expect(isWithSource == [true, false, true, true, false])
  }

  @Test func `parted networks cost nothing`() {
    var network = MinimumCut(nodeCount: 4)
    network.holdAtSource(2, 5)
    network.holdAtSink(3, 5)
    #expect(network.solve().price == 0)
  }

  /// All ways to part small random networks, counted out.
  @Test(arguments: 0..<40)
  func `no other cut is cheaper`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let inner = 6
    var network = MinimumCut(nodeCount: inner + 2)
    var joins: [(Int, Int, Int)] = []
    var source = [Int](repeating: 0, count: inner)
    var sink = source
    for first in 0..<inner {
      source[first] = Int(random.next() % 4)
      sink[first] = Int(random.next() % 4)
      network.holdAtSource(first + 2, source[first])
      network.holdAtSink(first + 2, sink[first])
      for second in (first + 1)..<inner where random.next() % 2 == 0 {
        let capacity = Int(random.next() % 5)
        joins.append((first, second, capacity))
        network.join(first + 2, second + 2, capacity)
      }
    }
    func price(_ isInside: (Int) -> Bool) -> Int {
      (0..<inner).reduce(0) { $0 + (isInside($1) ? sink[$1] : source[$1]) }
        + joins.reduce(0) { $0 + (isInside($1.0) == isInside($1.1) ? 0 : $1.2) }
    }
    let least = (0..<(1 << inner)).map { sides in price { sides >> $0 & 1 == 1 } }.min()
    let (found, isWithSource) = network.solve()
    #expect(found == least)
    #expect(price { isWithSource[$0 + 2] } == found)
  }

  @Test func `a long chain does not overflow the stack`() {
    let length = 200_000
    var network = MinimumCut(nodeCount: length + 2)
    network.holdAtSource(2, 3)
    for node in 2..<(length + 1) { network.join(node, node + 1, 2) }
    network.holdAtSink(length + 1, 3)
    #expect(network.solve().price == 2)
  }

  @Test func `a type that only foreigners use moves to them`() throws {
    var builder = SampleShop.builder()
    builder.type("OrderLabel", folder: "App/Models", members: 2)
    builder.refer("OrderService", "OrderLabel", .typeUse)
    for kind in [Reference.Kind.call, .construction, .signature] {
      builder.refer("ShipmentService", "OrderLabel", kind, times: 1)
    }
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    for service in suggestion.services {
      #expect(service.effort.smallestEdit.edits <= service.effort.places)
    }
  }
}
