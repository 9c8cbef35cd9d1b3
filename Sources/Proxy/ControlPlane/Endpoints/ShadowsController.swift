// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import ProxyDataPlane
internal import ShadowComparison

/// `/shadows`: what is copied to extracted sides, and what came of it.
struct ShadowsController {
  let shadows: ShadowMonitor

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/shadows") { _, _ in
      Response.json(.ok, shadows.snapshot().map(ShadowStatus.init))
    }
  }
}

/// One route's shadow, here and in the console.
struct ShadowStatus: Encodable {
  let route: String
  let shadow: String
  let legacy: String
  let extracted: String
  /// `closed`, `open` or `half-open`.
  let breaker: String
  let sent: UInt64
  /// Comparisons by what they count as; those that differ by approved noise alone are `ignored`.
  let outcomes: [String: UInt64]
  /// Comparisons that differed, and of which nobody knows whether that is noise.
  let undecided: UInt64
  /// Comparisons in which a side was the odd one of three answers.
  let extractedOdd: UInt64
  let legacyOdd: UInt64
  let dropped: [String: UInt64]
  let failures: [String: UInt64]
  let reasks: UInt64
  let inFlight: Int
  let waiting: Int
  let bufferedBytes: Int
  let bufferedBytesPeak: Int
  let bufferedBytesLimit: Int

  init(_ snapshot: ShadowSnapshot) {
    let tally = snapshot.tally
    route = snapshot.route
    shadow = snapshot.summary
    legacy = snapshot.legacy
    extracted = snapshot.extracted
    breaker = snapshot.breaker ?? "closed"
    sent = tally.sent
    outcomes = Self.named(tally.outcomes)
    undecided = tally.undecided
    extractedOdd = tally.odd.extracted
    legacyOdd = tally.odd.legacy
    dropped = Self.named(tally.drops)
    failures = Self.named(tally.failures)
    reasks = tally.reasks
    inFlight = tally.inFlight
    waiting = tally.waiting
    bufferedBytes = snapshot.bytes
    bufferedBytesPeak = snapshot.peakBytes
    bufferedBytesLimit = snapshot.bytesLimit
  }

  private static func named<Name: RawRepresentable<String>>(
    _ counts: [Name: UInt64]
  ) -> [String: UInt64] {
    counts.reduce(into: [:]) { $0[$1.key.rawValue] = $1.value }
  }
}
