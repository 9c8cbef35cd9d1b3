// SPDX-License-Identifier: Apache-2.0

package import ResiliencePolicies

/// Decides how one call goes on: when it is tried, when it waits, and with what it ends.
///
///     begin -> attempt -outcome-> end
///                 ^  '-outcome-> wait -.
///                 '----- waited -------'
///
/// Times are milliseconds of one clock that never goes back.
package struct CallMachine: Sendable {
  package enum Action: Sendable, Equatable {
    /// Try, and have the whole answer by then.
    case attempt(until: UInt64)
    /// Do nothing until then.
    case wait(until: UInt64)
    case end(CallEnd)
  }

  private let rules: RetryRules
  private let perTry: UInt64
  /// The service may be asked twice.
  private let isRepeatable: Bool
  private let deadline: UInt64
  private let callerIsFirst: Bool
  /// The end of the attempt under way is not that of the call.
  private var isCutShort = false
  /// Attempts that were let out.
  package private(set) var attempts = 0
  /// How the last of them ended; what the call ends with.
  private var last: AttemptOutcome?

  /// - Parameters:
  ///   - callerDeadline: when whoever asks waits no more.
  ///   - isRepeatable: the service may be asked twice.
  package init(
    _ policy: ServiceCallPolicy, at now: UInt64, callerDeadline: UInt64?, isRepeatable: Bool
  ) {
    rules = policy.retries
    perTry = policy.retries.perTry?.milliseconds ?? .max
    self.isRepeatable = isRepeatable
    let own = now &+ policy.total.milliseconds
    deadline = min(own, callerDeadline ?? .max)
    callerIsFirst = deadline < own
  }

  /// The first thing to do.
  package mutating func begin(at now: UInt64) -> Action { attemptOrEnd(at: now) }

  /// A wait is over.
  package mutating func waited(at now: UInt64) -> Action { attemptOrEnd(at: now) }

  private mutating func attemptOrEnd(at now: UInt64) -> Action {
    // What is asked for without time to answer is work for nobody.
    guard now < deadline else { return .end(end(last ?? .failed(.timeout), at: now)) }
    let (tryEnd, overflow) = now.addingReportingOverflow(perTry)
    isCutShort = !overflow && tryEnd < deadline
    return .attempt(until: isCutShort ? tryEnd : deadline)
  }

  /// An attempt ended.
  ///
  /// - Parameters:
  ///   - draw: a random number, drawn for this attempt.
  ///   - budget: what the service allows in retries.
  package mutating func ended(
    _ outcome: AttemptOutcome, at now: UInt64, draw: UInt64, budget: inout RetryBudget
  ) -> Action {
    if case .refused(let refusal) = outcome {
      // A call that is not given up ends as the last attempt that got out did.
      return .end(end(refusal == .cancelled ? outcome : last ?? outcome, at: now))
    }
    attempts += 1
    last = outcome
    guard attempts <= rules.attempts, let delay = delay(after: outcome, draw) else {
      return .end(end(outcome, at: now))
    }
    let (next, overflow) = now.addingReportingOverflow(delay)
    guard !overflow, next < deadline, budget.withdraw(at: now) else {
      return .end(end(outcome, at: now))
    }
    return .wait(until: next)
  }

  /// How long to wait before the next attempt; nil when there is to be none.
  private func delay(after outcome: AttemptOutcome, _ draw: UInt64) -> UInt64? {
    let backoff = rules.delay(beforeRetry: attempts, draw: draw)
    switch outcome {
    case .failed(let failure):
      return failure.isTransient && (isRepeatable || failure.isUnsent) ? backoff : nil
    case .answered(let status, let retryAfter):
      guard isRepeatable, rules.statuses.contains(status) else { return nil }
      let asked = retryAfter ?? 0
      return asked <= rules.longestRetryAfter.milliseconds ? max(backoff, asked) : nil
    case .refused, .cancelled: return nil
    }
  }
}

// MARK: - Ends

/// What a call ends with.
package struct CallEnd: Sendable, Equatable {
  package let outcome: AttemptOutcome
  /// Whose time was up, where it was.
  package let limit: ServiceCallError.Limit
  package let retry: ServiceCallError.Retry
}

extension CallMachine {
  private func end(_ outcome: AttemptOutcome, at now: UInt64) -> CallEnd {
    let limit: ServiceCallError.Limit =
      isCutShort && attempts > 0 ? .attempt : callerIsFirst ? .caller : .total
    return CallEnd(outcome: outcome, limit: limit, retry: retry(after: outcome, at: now))
  }

  /// The same for an answer that the caller takes for a failure.
  package func retry(afterStatus status: Int, _ retryAfter: UInt64?) -> ServiceCallError.Retry {
    retry(after: .answered(status: status, retryAfter: retryAfter), at: 0)
  }

  /// Whether the call may be made once more, and when that may help.
  private func retry(after outcome: AttemptOutcome, at now: UInt64) -> ServiceCallError.Retry {
    let soon = rules.longestDelay
    switch outcome {
    case .refused(.breakerOpen(let until)):
      return .safe(after: max(.milliseconds(until - min(until, now)), rules.shortestDelay))
    // What is tried more than once is safe to be.
    case .refused: return .safe(after: soon)
    case .cancelled: return isRepeatable ? .safe(after: .zero) : .unsafe
    case .failed(.answerTooLong): return .pointless
    case .failed(let failure):
      let isUnsent = failure.isUnsent || attempts == 0
      return isRepeatable || isUnsent ? .safe(after: soon) : .unsafe
    case .answered(let status, let retryAfter):
      let isListed = rules.statuses.contains(status)
      guard isListed || (outcome.isSuccess == false) else { return .pointless }
      return isRepeatable ? .safe(after: retryAfter.map { .milliseconds($0) } ?? soon) : .unsafe
    }
  }
}
