// SPDX-License-Identifier: Apache-2.0

import ContentCodings
import HTTPExchange
import RoutingDecisions
import ShadowComparison
import Synchronization

/// One route's shadow: what is taken of its traffic, and how much of it may be under way or kept.
///
/// The workers that copy and the lane that sends share it. A reload makes another one; numbers go
/// on with `counts`.
final class ShadowRoute: Sendable {
  /// Shadows that may wait for each one under way; a lane looks at them some fifty times a second.
  private static let waitingPerSlot = 8

  let name: String
  /// The upstream whose answers clients get.
  let legacy: String
  /// The upstream that gets the copies.
  let extracted: String
  let service: ShadowedService
  /// The lane's numbers of both upstreams.
  let upstreams: (legacy: Int, extracted: Int)
  let configuration: ShadowConfiguration
  let sampling: ShadowSampling
  let comparator: ResponseComparator
  let decoder: AnswerDecoder
  /// Names in lower case of the fields that an answer keeps.
  let keptFields: [[UInt8]]
  /// Names, as `ShadowRequest` compares them, of the fields that a copy does not carry.
  let withheld: Set<String>
  /// Milliseconds that a shadow may take.
  let deadline: UInt64
  let counts: ShadowCounts
  private let mostWaiting: Int
  /// When the next shadow is due, for routes that take so many a second.
  private let nextAt = Atomic<UInt64>(0)

  init(
    _ route: RouteConfiguration, _ shadow: ShadowConfiguration, extracted: String,
    service: String, upstreams: (legacy: Int, extracted: Int), counts: ShadowCounts
  ) {
    name = route.name
    configuration = shadow
    legacy = route.legacy
    self.extracted = extracted
    self.service = ShadowedService(route: route.name, text: service)
    self.upstreams = upstreams
    self.counts = counts
    comparator = ResponseComparator(rules: shadow.rules)
    decoder = AnswerDecoder(keptBytes: shadow.compareBytes)
    keptFields = Set(shadow.rules.headers.map { $0.lowercased() })
      .union(["content-type", "content-encoding"]).map { Array($0.utf8) }
    withheld = Set(shadow.withhold.map(ShadowConfiguration.comparedName))
    deadline = UInt64(max(1, shadow.deadline / .milliseconds(1)))
    mostWaiting = shadow.inFlight * Self.waitingPerSlot
    sampling = ShadowSampling(route: route.name, shadow)
  }

  var compares: Bool { configuration.mode == .compare }
  /// Largest request that is copied, its head included, and largest answer that is kept whole.
  var mostKept: Int { configuration.compareBytes }

  // MARK: - Which requests

  /// Whether a request is one of those that are taken, by what is said of it.
  func takes(_ verdict: ShadowSampling.Verdict, now: UInt64, draw: () -> UInt64) -> Bool {
    switch verdict {
    case .everyRequest, .taken: true
    case .upgrade, .write, .left: false
    case .byChance(let percent): draw() % UInt64(UserBuckets.count) < UInt64(percent.hundredths)
    case .byRate(let rate): isDue(every: 1_000_000_000 / UInt64(max(1, rate)), now)
    }
  }

  /// Takes the turn when it has come. Turns that nobody took do not add up to a burst.
  private func isDue(every interval: UInt64, _ now: UInt64) -> Bool {
    let due = nextAt.load(ordering: .relaxed)
    if now < due { return false }
    let next = max(due &+ interval, now)
    return nextAt.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged
  }

  // MARK: - Bounds

  /// Why no copy is worth its while now; nil when one is.
  func reasonAgainst(now: UInt64) -> DropReason? {
    if counts.isResting(at: now) { return .breakerOpen }
    return counts.change { $0.waiting >= mostWaiting } ? .noSlot : nil
  }

  /// A place in the line for the lane; false when it is full, which is counted.
  func enterLine() -> Bool {
    let mostWaiting = mostWaiting
    return counts.change { tally in
      if tally.waiting >= mostWaiting {
        tally.drops[.noSlot, default: 0] += 1
        return false
      }
      tally.waiting += 1
      return true
    }
  }

  /// Who is in line will not be sent: there is no lane any more.
  func leaveLine() {
    counts.change { tally in
      tally.waiting -= 1
      tally.drops[.noSlot, default: 0] += 1
    }
  }

  func drop(_ reason: DropReason) { counts.change { $0.drops[reason, default: 0] += 1 } }

  /// Whether legacy may be asked once more.
  func mayAskAgain() -> Bool {
    let share = configuration.askAgain.hundredths
    return counts.change { tally in
      tally.reasks < tally.comparisons * UInt64(share) / 10_000 + UInt64(ShadowEvidence.freeReasks)
    }
  }
}

/// The numbers of one route's shadow, which a reload does not begin anew.
final class ShadowCounts: Sendable {
  private let tally = Mutex(ShadowTally())
  private let bytes = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)
  /// Nanoseconds until which nothing is copied, since the breaker let nothing through.
  private let restsUntil = Atomic<UInt64>(0)

  /// How long a breaker that refused is not asked again.
  private static let rest: UInt64 = 100_000_000

  func rest(from now: UInt64) { restsUntil.store(now &+ Self.rest, ordering: .relaxed) }
  fileprivate func isResting(at now: UInt64) -> Bool { now < restsUntil.load(ordering: .relaxed) }

  func change<Value>(_ body: (inout ShadowTally) -> Value) -> Value {
    tally.withLock { body(&$0) }
  }

  var current: (tally: ShadowTally, bytes: Int, peak: Int) {
    (tally.withLock(\.self), bytes.load(ordering: .relaxed), peak.load(ordering: .relaxed))
  }

  /// Room for so many more bytes; false when that would exceed the limit.
  fileprivate func reserve(_ count: Int, limit: Int) -> Bool {
    let sum = bytes.add(count, ordering: .relaxed).newValue
    if sum > limit {
      bytes.subtract(count, ordering: .relaxed)
      return false
    }
    if sum > peak.load(ordering: .relaxed) { peak.max(sum, ordering: .relaxed) }
    return true
  }

  fileprivate func release(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }
}

/// The bytes that one shadow keeps; whoever lets go of the last reference gives them back.
final class ShadowHold: Sendable {
  private let route: ShadowRoute
  private let held = Atomic<Int>(0)

  init(_ route: ShadowRoute) { self.route = route }

  deinit { route.counts.release(held.load(ordering: .relaxed)) }

  func reserve(_ count: Int) -> Bool {
    guard route.counts.reserve(count, limit: route.configuration.bodyBytes) else { return false }
    held.add(count, ordering: .relaxed)
    return true
  }

  func release(_ count: Int) {
    held.subtract(count, ordering: .relaxed)
    route.counts.release(count)
  }
}
