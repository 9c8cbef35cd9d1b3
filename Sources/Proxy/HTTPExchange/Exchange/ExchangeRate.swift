// SPDX-License-Identifier: Apache-2.0

/// The least rate of a request body, which keeps a client from holding an upstream with a byte now
/// and then.
///
/// A conversation may be as slow as it likes: once the answer has begun, and on HTTP/2 streams
/// whose body has no length told (gRPC), only idleness counts.
extension Exchange {
  /// How long a client is watched before its rate is judged, in milliseconds.
  static let rateWindow: UInt64 = 10_000

  /// A part of the body was taken. The clock runs only while the client could send: from the first
  /// byte on, and not while the upstream is full.
  mutating func measureRate(_ count: Int, _ workspace: ExchangeWorkspace) {
    let isConversation = hasResponded || (isStream && facts.body == .chunked)
    if requestPhase != .body || workspace.limits.bodyRate == 0 || isConversation {
      rateDeadline = .max
    } else if rateDeadline == .max {
      rateDeadline = workspace.now &+ Self.rateWindow
      rateBytes = count
    } else {
      rateBytes &+= count
    }
  }

  /// Judges the time that went by, and begins another.
  mutating func isTooSlow(_ workspace: ExchangeWorkspace) -> Bool {
    let demanded = workspace.limits.bodyRate * Int(Self.rateWindow / 1000)
    let isTooSlow = requestPhase == .body && !hasResponded && rateBytes < demanded
    rateDeadline = isTooSlow ? .max : workspace.now &+ Self.rateWindow
    rateBytes = 0
    return isTooSlow
  }

  /// The exchange as a whole took too long.
  package func isOverTotal(_ workspace: ExchangeWorkspace) -> Bool {
    workspace.now >= totalDeadline
  }
}
