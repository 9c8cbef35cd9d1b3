// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import Synchronization

/// Rows that went by, as a bar with their rate and an estimate.
final class RowProgress: Sendable {
  private struct State {
    var done = 0
    var total: Int
    var text: String
  }

  private let line: ProgressLine
  private let clock = ContinuousClock()
  private let began: ContinuousClock.Instant
  private let state: Mutex<State>

  /// - Parameter total: about how many there are; nil where nobody knows.
  init(_ text: String, of total: Int?, on line: ProgressLine) {
    self.line = line
    began = clock.now
    state = Mutex(State(total: total ?? 0, text: text))
  }

  /// Called from any thread.
  func add(_ rows: Int) {
    let seconds = seconds
    let (done, total, text) = state.withLock { state in
      state.done += rows
      return (state.done, state.total, state.text)
    }
    line.update(
      "\(text)\(Self.rate(done, of: total, after: seconds))", done: min(done, total), of: total)
  }

  /// More is to do than was thought.
  func expect(_ text: String, more rows: Int) {
    state.withLock { state in
      state.text = text
      state.total = max(state.total, state.done) + rows
    }
  }

  private var seconds: Double {
    let (seconds, fraction) = (clock.now - began).components
    return Double(seconds) + Double(fraction) / 1e18
  }

  /// `: 812000 rows/s, 3 s left`.
  static func rate(_ done: Int, of total: Int, after seconds: Double) -> String {
    guard seconds > 0.2, done > 0 else { return "" }
    let rate = Double(done) / seconds
    let left = Double(total - done) / rate
    let estimate = total > done ? ", \(Int(left.rounded(.up))) s left" : ""
    return ": \(Int(rate)) rows/s\(estimate)"
  }
}

/// Tells the passes of a verification apart.
final class PassNames: Sendable {
  private let name: String
  private let progress: RowProgress
  private let rows: Int
  private let current = Mutex(Verification.Step.digest)

  init(_ name: String, _ progress: RowProgress, rows: Int) {
    self.name = name
    self.progress = progress
    self.rows = rows
  }

  func enter(_ step: Verification.Step) {
    current.withLock { current in
      guard current != step else { return }
      current = step
      switch step {
      case .ask: progress.expect("\(name): both servers hash their rows", more: 0)
      case .digest: progress.expect("\(name): reading both sides", more: 0)
      case .done: break
      case .collect: progress.expect("\(name): looking for rows that differ", more: rows)
      case .gather: progress.expect("\(name): looking at their columns", more: rows)
      }
    }
  }
}

/// How far a count that only grows is beyond what was seen of it.
final class SeenRows: Sendable {
  private let seen: Mutex<Int64>

  init(_ rows: Int64) { seen = Mutex(rows) }

  func more(_ rows: Int64) -> Int {
    seen.withLock { seen in
      defer { seen = rows }
      return Int(rows - seen)
    }
  }
}
