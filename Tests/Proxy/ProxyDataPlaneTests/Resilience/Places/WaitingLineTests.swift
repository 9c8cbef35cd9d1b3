// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyDataPlane

@Suite("The line of those who wait")
struct WaitingLineTests {
  private final class Guest: Waiter {
    var isWaiting = true
    let number: Int
    init(_ number: Int) { self.number = number }
  }

  @Test("Order and count are those of a plain list, and those who gave up are never the half")
  func order() {
    let seed: UInt64 = 0x5eed_0004
    var random = SeededRandom(seed: seed)
    var line = WaitingLine<Guest>()
    var model: [Guest] = []
    for step in 0..<20_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0...4:
        let guest = Guest(step)
        line.append(guest)
        model.append(guest)
      case 5...6:
        guard let guest = model.randomElement(using: &random) else { continue }
        guest.isWaiting = false
        model.removeAll { $0 === guest }
        line.noteWithdrawal()
      case 7:
        let served = line.next { $0.number % 3 != 0 }
        let index = model.firstIndex { $0.number % 3 != 0 }
        #expect(served === index.map { model.remove(at: $0) }, "step \(step), seed \(seed)")
        served?.isWaiting = false
      case 8:
        let served = line.next()
        #expect(
          served === (model.isEmpty ? nil : model.removeFirst()), "step \(step), seed \(seed)")
        served?.isWaiting = false
      default:
        let out = line.removeAll { $0.number % 101 == step % 101 }
        let gone = model.filter { $0.number % 101 == step % 101 }
        model.removeAll { $0.number % 101 == step % 101 }
        #expect(out.map(\.number) == gone.map(\.number), "step \(step), seed \(seed)")
      }
      #expect(line.count == model.count && line.isEmpty == model.isEmpty)
      #expect(line.length <= 2 * line.count + 1, "step \(step), seed \(seed)")
    }
  }
}
