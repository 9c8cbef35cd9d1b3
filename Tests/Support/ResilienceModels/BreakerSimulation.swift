// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResiliencePolicies

/// A circuit breaker as a chronicle: every epoch keeps all that was sent and told in it, and each
/// answer is worked out from the whole of it.
struct BreakerSimulation {
  /// One request that was let pass.
  struct Sent {
    let at: UInt64
    let isProbe: Bool
    /// When and how it ended; nil while it is under way.
    var end: (at: UInt64, isSuccess: Bool?)?
    /// Counts as not ended successfully, though it did: trouble everywhere began the trial anew.
    var isForgotten = false
  }

  struct Epoch {
    let state: CircuitBreaker.State
    let start: UInt64
    /// It followed a trial, so requests come back by and by.
    var readmits = false
    var sent: [Sent] = []
    /// What was told, in that order.
    var told: [(at: UInt64, isSuccess: Bool)] = []
    /// Successes that only count for the rate.
    var uncounted: [(at: UInt64, count: Int)] = []
  }

  let rules: BreakerRules
  private(set) var epochs = [Epoch(state: .closed, start: 0)]

  var state: CircuitBreaker.State { epochs[epochs.count - 1].state }
  var epoch: Int { epochs.count - 1 }

  init(_ rules: BreakerRules) { self.rules = rules }

  private static func milliseconds(_ duration: Duration) -> UInt64 {
    UInt64(duration / .milliseconds(1))
  }

  private var current: Epoch {
    get { epochs[epochs.count - 1] }
    set { epochs[epochs.count - 1] = newValue }
  }

  /// What time alone does.
  mutating func look(at now: UInt64) {
    if state == .open, now >= current.start + Self.milliseconds(rules.open) {
      epochs.append(Epoch(state: .halfOpen, start: now))
    }
    if now >= current.start + Self.milliseconds(rules.readmission) { current.readmits = false }
  }

  /// - Returns: the number of the request within the epoch; nil when it is refused.
  mutating func ask(at now: UInt64, isReplaceable: Bool, draw: Double) -> Int? {
    look(at: now)
    switch state {
    case .open: return nil
    case .halfOpen:
      let patience = Self.milliseconds(rules.open)
      let trying = current.sent.count { $0.end == nil && now < $0.at + patience }
      let well = current.sent.count { $0.end?.isSuccess == true && !$0.isForgotten }
      if trying + well >= rules.successes { return nil }
    case .closed:
      if current.readmits, isReplaceable {
        let passed = Double(now - current.start) / Double(Self.milliseconds(rules.readmission))
        if draw >= Swift.max(0.1, passed) { return nil }
      }
    }
    current.sent.append(Sent(at: now, isProbe: state == .halfOpen))
    return current.sent.count - 1
  }

  /// A request ended. One of an earlier epoch says nothing.
  mutating func end(
    _ request: Int, ofEpoch epoch: Int, isSuccess: Bool?, at now: UInt64, otherSide: Double?
  ) {
    guard epoch == self.epoch else { return }
    current.sent[request].end = (now, isSuccess)
    guard let isSuccess else { return }
    current.told.append((now, isSuccess))
    switch (state, isSuccess) {
    case (.halfOpen, true):
      let well = current.sent.count { $0.end?.isSuccess == true && !$0.isForgotten }
      guard well >= rules.successes else { return }
      epochs.append(Epoch(state: .closed, start: now, readmits: rules.readmission > .zero))
    case (.halfOpen, false):
      guard let otherSide, otherSide >= 0.1 else {
        epochs.append(Epoch(state: .open, start: now))
        return
      }
      for index in current.sent.indices where current.sent[index].end != nil {
        current.sent[index].isForgotten = true
      }
    case (.closed, false):
      if isTooMuch(at: now, otherSide ?? 0) { epochs.append(Epoch(state: .open, start: now)) }
    default: break
    }
  }

  /// That many went well that nobody told one by one.
  mutating func passUncounted(_ count: Int, ofEpoch epoch: Int, at now: UInt64) {
    if epoch == self.epoch, state == .closed { current.uncounted.append((now, count)) }
  }

  /// A health check that began then passed.
  mutating func check(since start: UInt64, at now: UInt64) {
    if state == .open, start >= current.start { epochs.append(Epoch(state: .halfOpen, start: now)) }
  }

  private func isTooMuch(at now: UInt64, _ otherSide: Double) -> Bool {
    switch rules.trip {
    case .consecutive(let failures):
      let run = current.told.reversed().prefix { !$0.isSuccess }.count
      // The shortest run that is less likely than one in a million millions, 200 at most.
      let telling = otherSide == 0 ? 1 : Int((-12 / log10(otherSide)).rounded(.up))
      return run >= failures && telling <= 200 && run >= telling
    case .rate(let percent, let window, let minimum):
      // Ten slices of the window, whole ones, are remembered.
      let slice = Swift.max(1, Self.milliseconds(window) / 10)
      let isRecent = { (time: UInt64) in time / slice + 10 > now / slice }
      let recent = current.told.filter { isRecent($0.at) }
      let failures = recent.count { !$0.isSuccess }
      let rest = current.uncounted.reduce(0) { $0 + (isRecent($1.at) ? $1.count : 0) }
      let total = recent.count + rest
      if total < minimum || failures * 100 < percent * total { return false }
      let worse = otherSide + Swift.min(0.1, Double(percent) / 100)
      return otherSide == 0 || Double(failures) >= worse * Double(total)
    }
  }
}
