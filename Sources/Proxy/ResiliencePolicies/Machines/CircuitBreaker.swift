// SPDX-License-Identifier: Apache-2.0

/// Keeps requests from an upstream that fails, and finds out when it no longer does.
///
///     closed -trip-> open -time-> half-open -successes-> closed (readmitting) -time-> closed
///                     | ^--------- failure -'              '- trip -> open
///                     '-health check-> half-open
///
/// Times are milliseconds of one clock that never goes back. Every change starts a new generation,
/// and outcomes of requests that an earlier generation let pass are ignored: what a request sent
/// half a minute ago says nothing about now.
///
/// Trouble that the other side of its routes has at the same time opens it as little as it ejects
/// an endpoint: legacy, which would answer instead, fails as well.
package struct CircuitBreaker: Sendable {
  package enum State: UInt8, Sendable, CaseIterable {
    case closed, open, halfOpen
  }

  /// What a request got that was let pass; its outcome is told with it.
  package struct Pass: Sendable, Equatable {
    package let generation: UInt32
    /// The request tries out a half-open breaker.
    package let isProbe: Bool
    /// When it was let pass; of a probe only.
    let passedAt: UInt64

    package init(generation: UInt32, isProbe: Bool, at passedAt: UInt64 = 0) {
      self.generation = generation
      self.isProbe = isProbe
      self.passedAt = passedAt
    }
  }

  package enum Admission: Sendable, Equatable {
    case passed(Pass)
    case refused
  }

  /// A change of state, for logs.
  package struct Change: Sendable, Equatable {
    package let from: State
    package let to: State

    package init(from: State, to: State) {
      self.from = from
      self.to = to
    }
  }

  package private(set) var state = State.closed
  package private(set) var generation: UInt32 = 0

  /// Share of failures of the other side from which on one failed try says nothing, and by which a
  /// rate has to be worse than the other side's.
  private static let margin = 0.1

  private let rules: BreakerRules
  private let openTime: UInt64
  private let readmissionTime: UInt64
  private var streak = 0
  private var window: SlidingWindow?
  private var openedAt: UInt64 = 0
  /// When it closed last; nil once everybody is back.
  private var closedAt: UInt64?
  /// When the probes under way were let pass. One holds its place for no longer than the breaker
  /// stays open: a client that sends its body a byte at a time must not keep everybody out.
  private var probes: [UInt64] = []
  private var probesSucceeded = 0

  package init(_ rules: BreakerRules) {
    self.rules = rules
    openTime = rules.open.milliseconds
    readmissionTime = rules.readmission.milliseconds
    if case .rate(_, let length, _) = rules.trip {
      window = SlidingWindow(length: length.milliseconds)
    }
  }

  /// The breaker of an upstream that follows this one under other settings. Under equal rules it
  /// knows what this one knows; trials that are under way tell this one.
  package func successor(_ rules: BreakerRules) -> CircuitBreaker {
    if rules != self.rules { return CircuitBreaker(rules) }
    var next = self
    next.probes = []
    return next
  }

  /// Every request passes and no failure is on record, so single successes change nothing.
  package var isQuiet: Bool { isOpenToAll && streak == 0 }

  /// Every request passes.
  package var isOpenToAll: Bool { state == .closed && closedAt == nil }

  /// Every request is refused before this time; 0 when it is not open.
  package var refusesUntil: UInt64 { state == .open ? openedAt &+ openTime : 0 }

  /// Whether a request may pass.
  ///
  /// - Parameters:
  ///   - isReplaceable: somebody else can answer the request, so it need not be among the first
  ///     after the breaker closed.
  ///   - draw: a random number below `UInt64.max`, drawn for this request.
  package mutating func admit(
    at now: UInt64, isReplaceable: Bool, draw: UInt64
  ) -> (admission: Admission, change: Change?) {
    let change = advance(to: now)
    switch state {
    case .open: return (.refused, change)
    case .halfOpen:
      // Only as many as have to succeed: a weak upstream must not be met by the whole load.
      probes.removeAll { now >= $0 &+ openTime }
      if probes.count + probesSucceeded >= rules.successes { return (.refused, change) }
      probes.append(now)
      return (.passed(Pass(generation: generation, isProbe: true, at: now)), change)
    case .closed:
      if let closedAt, isReplaceable, !isReadmitted(draw, since: closedAt, at: now) {
        return (.refused, change)
      }
      return (.passed(Pass(generation: generation, isProbe: false)), change)
    }
  }

  private func isReadmitted(_ draw: UInt64, since closedAt: UInt64, at now: UInt64) -> Bool {
    let share = Double(now &- closedAt) / Double(readmissionTime)
    return Double(draw) < Double(UInt64.max) * max(share, 0.1)
  }

  /// Moves on as far as time alone does.
  @discardableResult
  package mutating func advance(to now: UInt64) -> Change? {
    if let start = closedAt, now >= start &+ readmissionTime { closedAt = nil }
    return state == .open && now >= openedAt &+ openTime ? tryOut() : nil
  }

  /// A health check passed: requests may try at once, however long the rest of the wait is.
  ///
  /// - Parameter start: when the check began. One that began before the breaker opened says nothing
  ///   about what came since.
  package mutating func checkPassed(since start: UInt64) -> Change? {
    state == .open && start >= openedAt ? tryOut() : nil
  }

  private mutating func tryOut() -> Change {
    probes = []
    probesSucceeded = 0
    return change(to: .halfOpen)
  }

  /// A request that was let pass went well.
  package mutating func succeeded(_ pass: Pass, at now: UInt64) -> Change? {
    guard pass.generation == generation else { return nil }
    switch state {
    case .open: return nil
    case .closed:
      streak = 0
      window?.add(first: 1, second: 0, at: now)
      return nil
    case .halfOpen:
      guard pass.isProbe else { return nil }
      giveBack(pass)
      probesSucceeded += 1
      if probesSucceeded < rules.successes { return nil }
      streak = 0
      window?.clear()
      closedAt = readmissionTime > 0 ? now : nil
      return change(to: .closed)
    }
  }

  /// `count` requests of a generation went well while no failure was on record. They count for the
  /// rate only: nobody knows whether they ended before a failure that was told earlier.
  package mutating func succeeded(_ count: UInt32, generation: UInt32, at now: UInt64) {
    guard generation == self.generation, state == .closed else { return }
    window?.add(first: count, second: 0, at: now)
  }

  /// The upstream failed a request that was let pass.
  ///
  /// - Parameter otherSide: share of failures of the other side of late, 0 to 1; nil when unknown.
  package mutating func failed(
    _ pass: Pass, at now: UInt64, otherSide: Double? = nil
  ) -> Change? {
    guard pass.generation == generation else { return nil }
    switch state {
    case .open: return nil
    case .closed:
      streak += 1
      window?.add(first: 0, second: 1, at: now)
      return hasTripped(besides: otherSide ?? 0) ? trip(at: now) : nil
    case .halfOpen:
      guard pass.isProbe else { return nil }
      if let otherSide, otherSide >= Self.margin {
        // Those that have to succeed begin anew.
        giveBack(pass)
        probesSucceeded = 0
        return nil
      }
      return trip(at: now)
    }
  }

  /// A request ended in a way that says nothing about the upstream.
  package mutating func abandoned(_ pass: Pass) {
    if pass.isProbe, pass.generation == generation, state == .halfOpen { giveBack(pass) }
  }

  /// The place of one that took too long was given to another one before.
  private mutating func giveBack(_ probe: Pass) {
    if let index = probes.firstIndex(of: probe.passedAt) { probes.remove(at: index) }
  }

  private func hasTripped(besides otherSide: Double) -> Bool {
    switch rules.trip {
    case .consecutive(let failures):
      // Most failures are fewer in a row than are ever asked for.
      guard streak >= failures else { return false }
      return FailureRun.length(atShare: otherSide, least: failures).map { streak >= $0 } ?? false
    case .rate(let percent, _, let minimum):
      guard let window else { return false }
      let total = window.firstSum + window.secondSum
      guard total >= UInt64(minimum), window.secondSum * 100 >= UInt64(percent) * total else {
        return false
      }
      // Beside a side that fails too it has to fail more than that; a limit below the margin stays.
      let more = otherSide + min(Self.margin, Double(percent) / 100)
      return otherSide == 0 || Double(window.secondSum) >= more * Double(total)
    }
  }

  private mutating func trip(at now: UInt64) -> Change {
    openedAt = now
    streak = 0
    closedAt = nil
    return change(to: .open)
  }

  private mutating func change(to next: State) -> Change {
    let change = Change(from: state, to: next)
    state = next
    generation &+= 1
    return change
  }
}

extension CircuitBreaker.State {
  /// As in metrics and logs.
  package var name: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half-open"
    }
  }
}
