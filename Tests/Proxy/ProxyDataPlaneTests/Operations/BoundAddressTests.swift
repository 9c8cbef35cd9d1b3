// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Waiting for an address", .timeLimit(.minutes(1)))
struct BoundAddressTests {
  private let address = NetworkAddress(host: "127.0.0.1", port: 8080)

  @Test("All who wait get it, and those who come later")
  func settles() async throws {
    let bound = BoundAddress()
    async let first = bound.value()
    async let second = bound.value()
    bound.succeed(address)
    #expect(try await [first, second] == [address, address])
    #expect(try await bound.value() == address)
  }

  @Test("Who gives up does not wait for ever, whether before or after it began to wait")
  func cancelled() async {
    let bound = BoundAddress()
    let waiting = Task { try await bound.value() }
    await Task.yield()
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test("An address that will never be is an error")
  func fails() async {
    struct Gone: Error {}
    let bound = BoundAddress()
    bound.fail(Gone())
    await #expect(throws: Gone.self) { try await bound.value() }
  }
}
