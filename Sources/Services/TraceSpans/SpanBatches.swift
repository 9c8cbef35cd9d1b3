// SPDX-License-Identifier: Apache-2.0

/// What became of a batch that was sent.
package enum ExportOutcome: Sendable, Equatable {
  /// The collector took it, save for so many spans.
  case taken(refused: Int)
  /// It never will be.
  case refused(String)
  /// It may be later; after so many milliseconds where that was said.
  case unavailable(String, retryAfter: Int64?)

  /// Why; nil for what was taken.
  package var reason: String? {
    switch self {
    case .taken: nil
    case .refused(let reason), .unavailable(let reason, _): reason
    }
  }
}

/// Spans on their way to a collector, as decisions: what waits, what is sent when, what is lost.
///
/// Whoever offers a span never waits. Times are milliseconds.
package struct SpanBatches<Span: Sendable>: Sendable {
  package struct Limits: Sendable, Equatable {
    /// Most spans that wait, those under way included; one more is lost.
    package var waiting = 2_048
    /// Most spans of one request.
    package var batch = 512
    /// Longest wait of a span for others to go with it.
    package var interval: Int64 = 1_000
    /// How often a batch is sent before it is lost.
    package var attempts = 4
    /// Wait before the second attempt; it doubles from there.
    package var firstRetry: Int64 = 1_000
    /// Longest wait before another attempt, whatever the collector asks for.
    package var longestRetry: Int64 = 30_000

    package init() {}
  }

  package enum Action: Sendable {
    /// Send these, and say what became of them.
    case send([Span])
    /// Look again then, or when `offer` or `close` asks for it.
    case wait(until: Int64)
    /// Nothing waits: look again when `offer` or `close` asks for it.
    case rest
    /// It was closed, and nothing is left.
    case finish
  }

  package let limits: Limits
  /// Spans that the collector took.
  package private(set) var exported = 0
  /// Spans that were not exported and will not be.
  package private(set) var lost = 0
  private var queue: [Span] = []
  /// Of the queue's head, those that were sent and not answered.
  private var underWay = 0
  private var attempts = 0
  private var notBefore = Int64.min
  /// When the oldest span was first seen.
  private var oldest: Int64?
  private var isFlushing = false
  private var isClosed = false

  package init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Spans that wait, those under way included.
  package var waiting: Int { queue.count }

  /// Takes a span.
  ///
  /// - Returns: whether somebody has to look at what is to be done.
  package mutating func offer(_ span: Span) -> Bool {
    if isClosed || queue.count >= limits.waiting {
      lost += 1
      return false
    }
    queue.append(span)
    let fresh = queue.count - underWay
    return fresh == 1 || fresh == limits.batch
  }

  /// What waits goes out without waiting for more.
  package mutating func flush() { isFlushing = !queue.isEmpty }

  /// Nothing more comes: what waits is sent, each batch twice at most and without a pause.
  package mutating func close() { isClosed = true }

  /// Gives up what waits.
  package mutating func abandon() {
    isClosed = true
    lost += queue.count
    queue = []
    underWay = 0
  }

  package mutating func next(at now: Int64) -> Action {
    if queue.isEmpty {
      isFlushing = false
      return isClosed ? .finish : .rest
    }
    if underWay > 0 {
      if now < notBefore, !isClosed { return .wait(until: notBefore) }
      return .send(Array(queue.prefix(underWay)))
    }
    let due = (oldest ?? now) + limits.interval
    oldest = oldest ?? now
    guard isClosed || isFlushing || queue.count >= limits.batch || now >= due else {
      return .wait(until: due)
    }
    underWay = min(queue.count, limits.batch)
    attempts = 0
    return .send(Array(queue.prefix(underWay)))
  }

  /// The batch that was sent last has been answered, or has not.
  package mutating func ended(_ outcome: ExportOutcome, at now: Int64) {
    attempts += 1
    switch outcome {
    case .taken(let refused):
      let lost = min(max(0, refused), underWay)
      settle(exported: underWay - lost)
    case .refused: settle(exported: 0)
    case .unavailable(_, let asked):
      if attempts >= (isClosed ? min(2, limits.attempts) : limits.attempts) {
        return settle(exported: 0)
      }
      let own = limits.firstRetry << min(20, attempts - 1)
      notBefore = now + min(limits.longestRetry, max(own, asked ?? 0))
    }
  }

  private mutating func settle(exported count: Int) {
    exported += count
    lost += underWay - count
    queue.removeFirst(underWay)
    underWay = 0
    oldest = nil
  }
}
