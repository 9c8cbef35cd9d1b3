// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Circuit breaker")
struct CircuitBreakerTests {
  private static let rules = BreakerRules(readmission: .zero)

  /// Lets a request pass and tells how it ended.
  @discardableResult
  private static func send(
    _ breaker: inout CircuitBreaker, at now: UInt64, succeeds: Bool
  ) -> Bool {
    guard case .passed(let pass) = breaker.admit(at: now, isReplaceable: false, draw: 0).admission
    else { return false }
    _ = succeeds ? breaker.succeeded(pass, at: now) : breaker.failed(pass, at: now)
    return true
  }

  private static func opened(_ rules: BreakerRules = rules, at now: UInt64 = 0) -> CircuitBreaker {
    var breaker = CircuitBreaker(rules)
    for _ in 0..<5 { send(&breaker, at: now, succeeds: false) }
    return breaker
  }

  @Test("Five failures in a row open it; a success between them starts the count anew")
  func consecutive() {
    var breaker = CircuitBreaker(Self.rules)
    for _ in 0..<4 { Self.send(&breaker, at: 0, succeeds: false) }
    Self.send(&breaker, at: 0, succeeds: true)
    for _ in 0..<4 { Self.send(&breaker, at: 0, succeeds: false) }
    #expect(breaker.state == .closed)
    Self.send(&breaker, at: 0, succeeds: false)
    #expect(breaker.state == .open)
    #expect(!Self.send(&breaker, at: 29_999, succeeds: true))
  }

  @Test("After its time it lets two requests try, and closes when both succeed")
  func halfOpen() {
    var breaker = Self.opened()
    let first = breaker.admit(at: 30_000, isReplaceable: false, draw: 0)
    #expect(first.change == CircuitBreaker.Change(from: .open, to: .halfOpen))
    let second = breaker.admit(at: 30_000, isReplaceable: false, draw: 0)
    let third = breaker.admit(at: 30_000, isReplaceable: false, draw: 0).admission
    #expect(third == .refused)
    guard case .passed(let one) = first.admission, case .passed(let two) = second.admission else {
      Issue.record("a trying request was refused")
      return
    }
    let change = breaker.succeeded(one, at: 30_001)
    #expect(change == nil)
    #expect(
      breaker.succeeded(two, at: 30_002) == CircuitBreaker.Change(from: .halfOpen, to: .closed))
    #expect(breaker.isQuiet)
  }

  @Test("A health check that passed lets requests try at once, unless it is older than the failure")
  func checkPassed() {
    var breaker = Self.opened(at: 1000)
    #expect(breaker.checkPassed(since: 999) == nil)
    #expect(breaker.state == .open && breaker.refusesUntil == 31_000)
    let change = breaker.checkPassed(since: 1000)
    #expect(change == CircuitBreaker.Change(from: .open, to: .halfOpen))
    #expect(breaker.refusesUntil == 0)
    // Another one changes nothing about the requests that try.
    guard case .passed(let pass) = breaker.admit(at: 1001, isReplaceable: false, draw: 0).admission
    else {
      Issue.record("a trying request was refused")
      return
    }
    #expect(breaker.checkPassed(since: 1001) == nil)
    #expect(breaker.failed(pass, at: 1002) == CircuitBreaker.Change(from: .halfOpen, to: .open))
    #expect(breaker.refusesUntil == 31_002)
    // Nor does one while everybody passes.
    var closed = CircuitBreaker(Self.rules)
    #expect(closed.checkPassed(since: 5) == nil)
    #expect(closed.isQuiet)
  }

  @Test("One failed try opens it for as long again")
  func failedTry() {
    var breaker = Self.opened()
    #expect(Self.send(&breaker, at: 30_000, succeeds: false))
    #expect(breaker.state == .open)
    #expect(!Self.send(&breaker, at: 59_999, succeeds: true))
    #expect(Self.send(&breaker, at: 60_000, succeeds: true))
  }

  @Test("A try that was given up makes room for another")
  func abandonedTry() {
    var breaker = Self.opened()
    for _ in 0..<10 {
      let admission = breaker.admit(at: 30_000, isReplaceable: false, draw: 0).admission
      guard case .passed(let pass) = admission else {
        Issue.record("no room was made")
        return
      }
      breaker.abandoned(pass)
    }
    #expect(breaker.state == .halfOpen)
  }

  @Test("A try that takes longer than it stays open gives its place away, and still counts")
  func overdueTry() throws {
    func pass(_ breaker: inout CircuitBreaker, at now: UInt64) -> CircuitBreaker.Pass? {
      let admission = breaker.admit(at: now, isReplaceable: false, draw: 0).admission
      return if case .passed(let pass) = admission { pass } else { nil }
    }
    var breaker = Self.opened()
    let slow = try #require(pass(&breaker, at: 30_000))
    let slower = try #require(pass(&breaker, at: 30_001))
    #expect(pass(&breaker, at: 59_999) == nil)
    let third = try #require(pass(&breaker, at: 60_000))
    #expect(pass(&breaker, at: 60_000) == nil)
    // What is given up late makes no second place of the one that went to another.
    breaker.abandoned(slow)
    #expect(pass(&breaker, at: 60_000) == nil)
    let fourth = try #require(pass(&breaker, at: 60_001))
    #expect(breaker.succeeded(third, at: 60_002) == nil)
    var failing = breaker
    #expect(failing.failed(slower, at: 60_003)?.to == .open)
    #expect(breaker.succeeded(slower, at: 60_003)?.to == .closed)
    #expect(breaker.failed(fourth, at: 60_004) == nil)
  }

  @Test(
    "Trouble that the other side has as well does not open it",
    arguments: [
      (nil, 5), (0, 5), (0.01, 7), (0.3, 23), (0.8, 124), (0.95, nil), (1, nil),
    ] as [(Double?, Int?)])
  func sharedTrouble(otherSide: Double?, opensAt: Int?) {
    var breaker = CircuitBreaker(Self.rules)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    let failures = (1...1_000).first { _ in
      breaker.failed(pass, at: 0, otherSide: otherSide) != nil
    }
    #expect(failures == opensAt)
  }

  @Test(
    "By rate it opens when it is clearly worse than the other side",
    arguments: [(nil, true), (0.3, true), (0.39, true), (0.45, false), (1, false)]
      as [(Double?, Bool)])
  func sharedRate(otherSide: Double?, opens: Bool) {
    let rules = BreakerRules(
      trip: .rate(percent: 50, window: .seconds(10), minimum: 20), readmission: .zero)
    var breaker = CircuitBreaker(rules)
    let pass = CircuitBreaker.Pass(generation: 0, isProbe: false)
    breaker.succeeded(10, generation: 0, at: 0)
    for _ in 0..<10 { _ = breaker.failed(pass, at: 0, otherSide: otherSide) }
    #expect((breaker.state == .open) == opens)
  }

  @Test("A try that fails while the other side does makes room for others, which begin anew")
  func triesInSharedTrouble() {
    var breaker = Self.opened()
    func pass() -> CircuitBreaker.Pass? {
      let admission = breaker.admit(at: 30_000, isReplaceable: false, draw: 0).admission
      guard case .passed(let pass) = admission else { return nil }
      return pass
    }
    let first = pass()
    #expect(first.map { breaker.succeeded($0, at: 30_000) } == .some(nil))
    for _ in 0..<10 {
      let change = pass().map { breaker.failed($0, at: 30_000, otherSide: 0.3) }
      #expect(change == .some(nil))
    }
    #expect(breaker.state == .halfOpen)
    let second = pass()
    #expect(second.map { breaker.succeeded($0, at: 30_000) } == .some(nil))
    #expect(breaker.state == .halfOpen)
    let third = pass()
    #expect(third.flatMap { breaker.succeeded($0, at: 30_000) }?.to == .closed)
  }

  @Test("What a request of an earlier generation met does not count")
  func lateOutcomes() {
    var breaker = CircuitBreaker(Self.rules)
    var late: [CircuitBreaker.Pass] = []
    for _ in 0..<10 {
      if case .passed(let pass) = breaker.admit(at: 0, isReplaceable: false, draw: 0).admission {
        late.append(pass)
      }
    }
    for _ in 0..<5 { Self.send(&breaker, at: 0, succeeds: false) }
    breaker.advance(to: 30_000)
    for pass in late { #expect(breaker.failed(pass, at: 30_000) == nil) }
    #expect(breaker.state == .halfOpen)
    for pass in late { #expect(breaker.succeeded(pass, at: 30_000) == nil) }
    #expect(breaker.state == .halfOpen)
  }

  @Test("By rate it opens at the share given, not below the minimum, and forgets what is old")
  func rate() {
    let rules = BreakerRules(
      trip: .rate(percent: 50, window: .seconds(10), minimum: 20), readmission: .zero)
    var breaker = CircuitBreaker(rules)
    for _ in 0..<19 { Self.send(&breaker, at: 0, succeeds: false) }
    #expect(breaker.state == .closed)
    breaker.succeeded(100, generation: breaker.generation, at: 10_500)
    for _ in 0..<99 { Self.send(&breaker, at: 10_500, succeeds: false) }
    #expect(breaker.state == .closed)
    Self.send(&breaker, at: 10_500, succeeds: false)
    #expect(breaker.state == .open)
  }

  @Test("Once closed, requests that others can answer come back by and by, the rest at once")
  func readmission() {
    var breaker = Self.opened(BreakerRules(readmission: .seconds(10)))
    Self.send(&breaker, at: 30_000, succeeds: true)
    Self.send(&breaker, at: 30_000, succeeds: true)
    #expect(breaker.state == .closed)
    var random = SeededRandom(seed: 7)
    var shares: [Double] = []
    for second in [0, 3, 6, 9, 10] as [UInt64] {
      var passed = 0
      for _ in 0..<2000 {
        let now = 30_000 + second * 1000
        let draw = random.next()
        if breaker.admit(at: now, isReplaceable: true, draw: draw).admission != .refused {
          passed += 1
        }
        let irreplaceable = breaker.admit(at: now, isReplaceable: false, draw: draw).admission
        #expect(irreplaceable != .refused)
      }
      shares.append(Double(passed) / 2000)
    }
    for (share, expected) in zip(shares, [0.1, 0.3, 0.6, 0.9, 1]) {
      #expect(abs(share - expected) < 0.05, "seed 7: \(shares)")
    }
  }

  @Test("Whatever happens, it never lets more try at once than have to succeed", arguments: 1...20)
  func model(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var breaker = CircuitBreaker(BreakerRules(readmission: .zero))
    var under: [(pass: CircuitBreaker.Pass, since: UInt64)] = []
    var now: UInt64 = 0
    for _ in 0..<5000 {
      now += random.next() % 2000
      if random.next() % 2 == 0 || under.isEmpty {
        let admission = breaker.admit(at: now, isReplaceable: false, draw: 0).admission
        if case .passed(let pass) = admission {
          #expect(pass.generation == breaker.generation, "seed \(seed)")
          #expect(pass.isProbe == (breaker.state == .halfOpen), "seed \(seed)")
          under.append((pass, now))
        }
      } else {
        let (pass, _) = under.remove(at: Int(random.next() % UInt64(under.count)))
        switch random.next() % 3 {
        case 0: _ = breaker.succeeded(pass, at: now)
        case 1: _ = breaker.failed(pass, at: now)
        default: breaker.abandoned(pass)
        }
      }
      // Those that take longer than it stays open have given their places away.
      let probes = under.count { pass, since in
        pass.isProbe && pass.generation == breaker.generation && now < since + 30_000
      }
      #expect(probes <= 2, "seed \(seed)")
    }
    // However it ended, it recovers once the upstream does.
    for _ in 0..<100 where breaker.state != .closed {
      for (pass, _) in under { breaker.abandoned(pass) }
      under = []
      now += 30_000
      for _ in 0..<2 { Self.send(&breaker, at: now, succeeds: true) }
    }
    #expect(breaker.state == .closed, "seed \(seed)")
  }
}
