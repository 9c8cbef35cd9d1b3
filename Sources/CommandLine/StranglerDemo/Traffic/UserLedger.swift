// SPDX-License-Identifier: Apache-2.0

/// What the demo's users experienced, as their own side of the socket saw it.
///
/// A pure record: the generator notes every answer, the summary is derived. Nothing here is read
/// from the proxy, so the proxy cannot flatter itself.
struct UserLedger: Sendable {
  /// Which side answered.
  enum Side: String, Sendable {
    case legacy, extracted
  }

  /// What the percentage does while an answer arrives; decides whether a move back counts as a
  /// flip.
  enum Phase: Sendable, Equatable {
    /// The percentage stays or grows: nobody may return to legacy.
    case ramp
    /// The extracted side was killed on purpose: legacy may answer for it.
    case outage
    /// The percentage goes down on purpose.
    case rollback
    /// It is at 0 again: requests that begin now belong to legacy.
    case rolledBack
  }

  /// One answer, or its absence.
  struct Answer: Sendable {
    var user: Int
    var phase: Phase
    var isSplitRoute: Bool
    /// Nil when the answer did not say, as an error page of the proxy does not.
    var side: Side?
    /// Nil when the connection failed.
    var status: Int?
    var milliseconds: Double
    /// False when an answer was complete but not what this user had to see.
    var isRight: Bool = true
  }

  private(set) var requests = 0
  private(set) var failures: [String: Int] = [:]
  private(set) var wrongAnswers = 0
  private(set) var flippedBack: Set<Int> = []
  private(set) var answersBySide: [Side: Int] = [:]
  /// Answers to requests that began after the rollback.
  private(set) var answersAfterRollback: [Side: Int] = [:]
  private(set) var usersOnExtracted: Set<Int> = []
  private(set) var usersSeen: Set<Int> = []
  private var latencies: [Double] = []

  /// Notes one answer.
  mutating func note(_ answer: Answer) {
    requests += 1
    latencies.append(answer.milliseconds)
    guard let status = answer.status else {
      failures["connection", default: 0] += 1
      return
    }
    guard status < 400 else {
      failures["status \(status)", default: 0] += 1
      return
    }
    if !answer.isRight { wrongAnswers += 1 }
    guard answer.isSplitRoute, let side = answer.side else { return }
    answersBySide[side, default: 0] += 1
    if answer.phase == .rolledBack { answersAfterRollback[side, default: 0] += 1 }
    usersSeen.insert(answer.user)
    switch (side, answer.phase) {
    case (.extracted, _): usersOnExtracted.insert(answer.user)
    case (.legacy, .ramp) where usersOnExtracted.contains(answer.user):
      flippedBack.insert(answer.user)
    case (.legacy, .rollback), (.legacy, .rolledBack): usersOnExtracted.remove(answer.user)
    case (.legacy, _): break
    }
  }

  var failedRequests: Int { failures.values.reduce(0, +) }

  /// What failed and how often, such as `, status 502: 3`; empty when nothing did.
  var failureDetails: String {
    failures.sorted { $0.key < $1.key }.map { ", \($0.key): \($0.value)" }.joined()
      + (wrongAnswers > 0 ? ", wrong answers: \(wrongAnswers)" : "")
  }

  /// Latency below which the given share (0...1) of the answers stayed, in milliseconds.
  func latency(quantile: Double) -> Double {
    guard !latencies.isEmpty else { return 0 }
    let sorted = latencies.sorted()
    let index = Int((Double(sorted.count) * quantile).rounded(.up)) - 1
    return sorted[min(max(index, 0), sorted.count - 1)]
  }
}
