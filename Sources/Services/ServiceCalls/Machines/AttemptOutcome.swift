// SPDX-License-Identifier: Apache-2.0

/// How one attempt of a call ended.
package enum AttemptOutcome: Sendable, Equatable {
  /// Why nothing was sent.
  package enum Refusal: Sendable, Equatable {
    /// There is no endpoint.
    case noEndpoint
    /// Every endpoint's breaker is open; the first lets requests try again then.
    case breakerOpen(until: UInt64)
    /// Too much is under way, and the line is full or took too long.
    case bulkheadFull
    /// The caller gave up before.
    case cancelled
  }

  /// What went wrong on the way.
  package enum Failure: Sendable, Equatable {
    /// No connection came about, so nothing was sent.
    case connect
    /// Nor within its time.
    case connectTimeout
    /// The answer was not complete in time.
    case timeout
    /// The connection broke once the request may have been sent.
    case connectionLost
    /// The answer is longer than is taken.
    case answerTooLong

    /// The service cannot have seen the request.
    var isUnsent: Bool { self == .connect || self == .connectTimeout }
    /// Another attempt may end better.
    var isTransient: Bool { self != .answerTooLong }
  }

  /// `retryAfter`: milliseconds that the answer asks to wait.
  case answered(status: Int, retryAfter: UInt64?)
  case failed(Failure)
  case refused(Refusal)
  /// The caller gave up meanwhile.
  case cancelled

  /// What it says about the endpoint; nil for nothing.
  package var isSuccess: Bool? {
    switch self {
    case .answered(let status, _): status < 500 || status == 501 || status == 505
    case .failed(let failure): failure == .answerTooLong
    case .refused, .cancelled: nil
    }
  }
}

/// The field `Retry-After` of an answer.
package enum RetryAfter {
  /// Milliseconds that it asks for; nil for a date, which needs a calendar that agrees, and for
  /// what is neither.
  package static func milliseconds(_ value: String) -> UInt64? {
    guard (1...9).contains(value.utf8.count),
      value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return UInt64(value).map { $0 * 1000 }
  }
}
