// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct NearNamesTests {
  private static let names = ["OrderService", "OrderRecord", "Order.Line", "Money", "orders"]

  @Test(arguments: [
    ("OrderServce", "OrderService"), ("orderservice", "OrderService"), ("Mony", "Money"),
    ("Line", "Order.Line"), ("Record", "OrderRecord"),
  ])
  func `the nearest name comes first`(wrong: String, right: String) {
    #expect(NearNames.find(wrong, among: Self.names).first == right)
  }

  @Test func `nothing near is nothing`() {
    #expect(NearNames.find("Zebra", among: Self.names) == [])
    #expect(NearNames.find("", among: Self.names) == [])
  }

  @Test func `distances are counted, up to the limit`() {
    #expect(NearNames.distance(Array("kitten".utf8), Array("sitting".utf8), limit: 5) == 3)
    #expect(NearNames.distance(Array("kitten".utf8), Array("sitting".utf8), limit: 2) == 3)
    #expect(NearNames.distance([], Array("abc".utf8), limit: 3) == 3)
  }
}
