// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Outlier detector")
struct OutlierDetectorTests {
  private static func failing(
    _ count: Int, at now: UInt64 = 0, _ detector: inout OutlierDetector
  ) {
    for _ in 0..<count { detector.failed(at: now) }
  }

  @Test("Five failures in a row eject, four or a success between them do not")
  func consecutive() {
    var detector = OutlierDetector(EjectionRules())
    Self.failing(4, &detector)
    detector.succeeded(at: 0)
    Self.failing(4, &detector)
    let afterFour = detector.judge(at: 0, otherSide: nil, mayEject: true)
    #expect(!afterFour)
    Self.failing(1, &detector)
    let afterFive = detector.judge(at: 0, otherSide: nil, mayEject: true)
    #expect(afterFive)
    #expect(detector.ejectedUntil == 30_000)
  }

  @Test("The last endpoint stays, and so does one whose other side fails as well")
  func exceptions() {
    var detector = OutlierDetector(EjectionRules())
    Self.failing(9, &detector)
    let last = detector.judge(at: 0, otherSide: nil, mayEject: false)
    #expect(!last)
    let bothSides = detector.judge(at: 0, otherSide: 0.6, mayEject: true)
    #expect(!bothSides)
    let alone = detector.judge(at: 0, otherSide: 0.1, mayEject: true)
    #expect(alone)
  }

  @Test("It comes back after its time, and is left out longer each time it fails again")
  func growing() {
    var detector = OutlierDetector(EjectionRules())
    var now: UInt64 = 0
    for turn in 1...12 as ClosedRange<UInt64> {
      Self.failing(5, at: now, &detector)
      let isEjected = detector.judge(at: now, otherSide: nil, mayEject: true)
      #expect(isEjected)
      let time = min(turn, 10) * 30_000
      #expect(detector.ejectedUntil == now + time)
      let tooEarly = detector.advance(to: now + time - 1)
      #expect(!tooEarly)
      now += time
      let inTime = detector.advance(to: now)
      #expect(inTime)
    }
    // Long without trouble: the next ejection is a first one.
    now += 300_000
    Self.failing(5, at: now, &detector)
    let isEjectedAgain = detector.judge(at: now, otherSide: nil, mayEject: true)
    #expect(isEjectedAgain)
    #expect(detector.ejectedUntil == now + 30_000)
  }

  /// Every fourth request fails, then every second one.
  private static func usedTo(
    share: Int, for windows: Int, _ detector: inout OutlierDetector, now: inout UInt64
  ) {
    for _ in 0..<windows {
      for number in 0..<100 {
        now += 100
        if number % share == 0 {
          detector.failed(at: now)
        } else {
          detector.succeeded(at: now)
        }
      }
    }
  }

  @Test("A share of failures is held against the endpoint's own past")
  func ownPast() {
    // Nothing failed before: 50 % eject.
    var sound = OutlierDetector(EjectionRules())
    var now: UInt64 = 0
    for _ in 0..<100 {
      now += 1000
      sound.succeeded(10, at: now)
    }
    Self.usedTo(share: 2, for: 1, &sound, now: &now)
    let isEjected = sound.judge(at: now, otherSide: nil, mayEject: true)
    #expect(isEjected)
    // It was never better: 50 % are how it is, and leaving it out would not help.
    var habitual = OutlierDetector(EjectionRules())
    now = 0
    Self.usedTo(share: 2, for: 300, &habitual, now: &now)
    let habitualIsEjected = habitual.judge(at: now, otherSide: nil, mayEject: true)
    #expect(!habitualIsEjected)
  }

  @Test("A share of failures that the other side has too ejects nobody")
  func otherSide() {
    for (other, isEjected) in [(nil, true), (0.02, true), (0.45, false)] as [(Double?, Bool)] {
      var detector = OutlierDetector(EjectionRules())
      var now: UInt64 = 0
      Self.usedTo(share: 2, for: 1, &detector, now: &now)
      let verdict = detector.judge(at: now, otherSide: other, mayEject: true)
      #expect(verdict == isEjected)
    }
  }

  @Test("Few requests say nothing about shares")
  func minimum() {
    var detector = OutlierDetector(EjectionRules())
    for number in 0..<19 {
      if number % 2 == 0 { detector.failed(at: 0) } else { detector.succeeded(at: 0) }
    }
    let unknown = detector.failureShare(at: 0)
    #expect(unknown == nil)
    let isJudged = detector.judge(at: 0, otherSide: nil, mayEject: true)
    #expect(!isJudged)
    detector.failed(at: 0)
    let share = detector.failureShare(at: 0)
    #expect(share == 11.0 / 20)
    let forgotten = detector.failureShare(at: 10_000)
    #expect(forgotten == nil)
  }
}
