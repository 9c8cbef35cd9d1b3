// SPDX-License-Identifier: Apache-2.0

/// Notices that nothing is finished. No data is no evidence: the cutover holds.
package struct Silence: Sendable, Equatable, Codable {
  /// Seconds without a finished request after which a side is called silent.
  package static let limit = 60

  /// Seconds since a request was finished.
  package private(set) var ticks = 0

  package init() {}

  package var isSilent: Bool { ticks >= Self.limit }

  package mutating func tick(finished: Int) {
    ticks = finished > 0 ? 0 : ticks + 1
  }
}

/// Notices that legacy no longer answers while the extracted side does, so that there is nothing
/// left to compare with.
///
/// A quiet route may have no request on legacy for minutes by chance. It is called silent when 20
/// of them should have come by the share it has: by chance that happens once in 480 million.
package struct LegacySilence: Sendable, Equatable, Codable {
  private static let expected = 20.0

  private var silence = Silence()
  /// Requests of the extracted side since legacy finished one.
  private var extracted = 0

  package init() {}

  package mutating func tick(legacy: Int, extracted: Int) {
    silence.tick(finished: legacy)
    self.extracted = legacy > 0 ? 0 : self.extracted + extracted
  }

  /// `share` is that of the extracted side, 0 to 1.
  package func isSilent(share: Double) -> Bool {
    silence.isSilent && Double(extracted) * (1 - share) >= Self.expected * share
  }
}

/// Requests of a side that has some under way and finished none for a minute: it hangs, and they
/// count as slow.
package struct HangingRequests: Sendable, Equatable, Codable {
  private var silence = Silence()
  /// Requests that were counted as slow since one was finished.
  private var counted = 0

  package init() {}

  /// A second passed; answers how many more requests are to be counted as slow.
  ///
  /// `slow` are requests that were judged slow by their age in this second: while nothing ends,
  /// they are among those under way, and are not counted twice.
  package mutating func tick(finished: Int, inFlight: Int, slow: Int) -> Int {
    if finished > 0 {
      self = HangingRequests()
      return 0
    }
    silence.tick(finished: 0)
    counted += slow
    guard silence.isSilent, inFlight > counted else { return 0 }
    defer { counted = inFlight }
    return inFlight - counted
  }
}
