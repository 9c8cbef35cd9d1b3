// SPDX-License-Identifier: Apache-2.0

/// What one connection's peer may ask for.
package struct HTTP2Limits: Sendable, Equatable {
  /// So many events at once, and so many more each second.
  package struct Rate: Sendable, Equatable {
    package var burst: Int
    package var perSecond: Int

    package init(burst: Int, perSecond: Int) {
      self.burst = burst
      self.perSecond = perSecond
    }
  }

  /// Streams open at a time; further ones are refused and may be sent again.
  package var concurrentStreams = 100
  /// Bytes of one header block on the wire, all its frames together.
  package var headerBlock = 64 * 1024
  /// Bytes of one field section after decompression, 32 more for each field, as the protocol
  /// counts.
  package var fieldSection = 256 * 1024
  /// CONTINUATION frames of one header block.
  package var continuations = 8
  /// Streams that the peer opens and takes back (CVE-2023-44487).
  package var resets = Rate(burst: 200, perSecond: 50)
  /// Streams that are refused or end with an error of the peer.
  package var refusals = Rate(burst: 200, perSecond: 50)
  /// Frames other than DATA that wait for a peer that does not read.
  package var waitingFrames = 1000
  package var settings = Rate(burst: 20, perSecond: 2)
  package var pings = Rate(burst: 100, perSecond: 10)
  /// DATA without a byte that does not end its stream.
  package var emptyData = Rate(burst: 100, perSecond: 20)
  /// Beyond those that DATA sent to the peer explains.
  package var windowUpdates = Rate(burst: 1000, perSecond: 500)
  /// PRIORITY and frames of unknown types, which nothing follows from.
  package var idleFrames = Rate(burst: 500, perSecond: 100)
  /// Body bytes the peer may send ahead on one stream.
  package var streamWindow = 256 * 1024
  /// Body bytes the peer may send ahead on all streams together.
  package var connectionWindow = 1024 * 1024

  package init() {}
}

/// Why a connection is ended: what its peer does serves no request.
package enum HTTP2Violation: UInt8, Sendable, Equatable, CaseIterable {
  /// Streams are opened and taken back all the time.
  case rapidReset
  /// A header block of too many CONTINUATION frames.
  case continuationFlood
  /// A header block that is too long, or unpacks to too much.
  case headerFlood
  case settingsFlood
  case pingFlood
  case emptyDataFlood
  case windowUpdateFlood
  /// PRIORITY frames and frames of unknown types.
  case idleFrameFlood
  /// Streams beyond the limit, again and again.
  case refusalFlood
  /// The bytes are not HTTP/2.
  case protocolError
}

/// Tokens that come back with time.
struct TokenBucket: Equatable {
  private let burst: Int
  private let perSecond: Int
  /// Thousandths, so that slow rates lose nothing to rounding.
  private var thousandths: Int
  private var filledAt: UInt64

  /// `now`: milliseconds.
  init(_ rate: HTTP2Limits.Rate, now: UInt64) {
    burst = rate.burst &* 1000
    perSecond = rate.perSecond
    thousandths = burst
    filledAt = now
  }

  /// False when none is left.
  mutating func take(now: UInt64) -> Bool {
    if now > filledAt {
      let passed = Int(truncatingIfNeeded: min(now &- filledAt, 3_600_000))
      filledAt = now
      thousandths = min(burst, thousandths &+ passed &* perSecond)
    }
    if thousandths < 1000 { return false }
    thousandths &-= 1000
    return true
  }

  mutating func add(_ tokens: Int) { thousandths = min(burst, thousandths &+ tokens &* 1000) }
}
