// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Testing

@Suite("Silence")
struct SilenceTests {
  @Test("A minute without a finished request is silence; one request ends it")
  func silence() {
    var silence = Silence()
    for _ in 0..<59 { silence.tick(finished: 0) }
    #expect(!silence.isSilent)
    silence.tick(finished: 0)
    #expect(silence.isSilent)
    silence.tick(finished: 1)
    #expect(!silence.isSilent)
  }

  @Test("Requests under way count as slow after a minute without an end, each once")
  func hanging() {
    var hanging = HangingRequests()
    let early = (0..<59).map { _ in hanging.tick(finished: 0, inFlight: 5, slow: 0) }
    #expect(early.allSatisfy { $0 == 0 })
    #expect(hanging.tick(finished: 0, inFlight: 5, slow: 0) == 5)
    #expect(hanging.tick(finished: 0, inFlight: 5, slow: 0) == 0)
    #expect(hanging.tick(finished: 0, inFlight: 7, slow: 0) == 2)
    #expect(hanging.tick(finished: 1, inFlight: 6, slow: 0) == 0)
  }

  @Test("Those that were slow by their age are not counted twice")
  func notTwice() {
    var hanging = HangingRequests()
    var counted = hanging.tick(finished: 0, inFlight: 5, slow: 4)
    for _ in 0..<100 { counted += hanging.tick(finished: 0, inFlight: 5, slow: 0) }
    #expect(counted == 1)
  }

  @Test("Legacy is silent only when its share should have brought it requests")
  func legacy() {
    var quiet = LegacySilence()
    for _ in 0..<1_000 { quiet.tick(legacy: 0, extracted: 0) }
    #expect(!quiet.isSilent(share: 0.5))
    var busy = LegacySilence()
    for _ in 0..<60 { busy.tick(legacy: 0, extracted: 10) }
    #expect(busy.isSilent(share: 0.5))
    // 600 requests at 99 % let 6 of legacy be expected: that may be chance.
    #expect(!busy.isSilent(share: 0.99))
    #expect(!busy.isSilent(share: 1))
    busy.tick(legacy: 1, extracted: 10)
    #expect(!busy.isSilent(share: 0.5))
  }

  @Test("The daily rate forgets within days")
  func dailyRate() throws {
    var rate = DailyRate()
    #expect(rate.value == nil)
    for _ in 0..<10_000 { rate.tick(requests: 10, bad: 1) }
    #expect(abs(try #require(rate.value) - 0.1) < 1e-9)
    for _ in 0..<400_000 { rate.tick(requests: 10, bad: 0) }
    #expect(try #require(rate.value) < 0.001)
  }
}
