// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyDataPlane

@Suite("Registered clients")
struct ClientRegistryTests {
  private final class Client: RegisteredClient {
    var position = 0
    var nextDeadline: UInt64
    init(_ deadline: UInt64) { nextDeadline = deadline }
  }

  @Test("No deadline is missed and none is told early while clients come, change and go")
  func deadlines() {
    let seed: UInt64 = 0x5eed_0003
    var random = SeededRandom(seed: seed)
    var registry = ClientRegistry<Client>()
    for now in 1...UInt64(3000) {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        registry.add(Client(now + UInt64.random(in: 1...200, using: &random)))
      }
      if let client = registry.clients.randomElement(using: &random) {
        client.nextDeadline = now + UInt64.random(in: 1...200, using: &random)
        registry.deadlineChanged(client)
      }
      if let client = registry.clients.randomElement(using: &random) {
        let isRemoved = registry.remove(client)
        let isRemovedTwice = registry.remove(client)
        #expect(isRemoved && !isRemovedTwice)
      }
      var position = Int.max
      while let client = registry.due(at: now, from: position) {
        #expect(client.nextDeadline <= now, "early at \(now), seed \(seed)")
        position = client.position - 1
        if Bool.random(using: &random) {
          let isRemoved = registry.remove(client)
          #expect(isRemoved)
        } else {
          client.nextDeadline = .max
        }
      }
      #expect(
        registry.clients.allSatisfy { $0.nextDeadline > now }, "missed at \(now), seed \(seed)")
      #expect(registry.clients.enumerated().allSatisfy { $0 == $1.position })
    }
  }
}
