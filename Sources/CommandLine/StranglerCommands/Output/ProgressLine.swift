// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import Dispatch
internal import Foundation
internal import Synchronization

/// One line on standard error that says how far long work is; silent unless a person is watching.
final class ProgressLine: Sendable {
  private struct State {
    var shown = ""
    var nextUpdate: ContinuousClock.Instant
  }

  /// Work shorter than this shows nothing.
  private static let patience = Duration.milliseconds(500)
  /// Time between two updates of the line.
  private static let interval = Duration.milliseconds(80)
  /// Time after which work is looked at again that reports nothing by itself.
  private static let watchInterval = DispatchTimeInterval.milliseconds(250)

  private let terminal = Terminal.standardError
  private let isActive: Bool
  private let clock = ContinuousClock()
  private let state: Mutex<State>

  init(quiet: Bool) {
    isActive = !quiet && Terminal.standardError.isInteractive
    state = Mutex(State(nextUpdate: clock.now + Self.patience))
  }

  /// Shows a text, and a bar when a part of a whole is given. Called from any thread, often.
  func update(_ text: String, done: Int? = nil, of total: Int? = nil) {
    guard isActive else { return }
    let now = clock.now
    state.withLock { state in
      guard now >= state.nextUpdate else { return }
      state.nextUpdate = now + Self.interval
      var line = text
      if let done, let total, total > 0 {
        let cells = 24
        let filled = min(cells, cells * done / total)
        let bar =
          String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        line = "\(bar) \(done)/\(total) \(text)"
      }
      line = String(line.prefix(terminal.width - 1))
      guard line != state.shown else { return }
      state.shown = line
      terminal.send("\r\u{1B}[2K" + TerminalText.escaped(line))
    }
  }

  /// Runs work that cannot tell how far it is, and shows its name while it takes long.
  func working<Result>(_ text: String, _ body: () throws -> Result) rethrows -> Result {
    guard isActive else { return try body() }
    let finished = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)
    Thread { [self] in
      while finished.wait(timeout: .now() + Self.watchInterval) == .timedOut { update(text) }
      ended.signal()
    }.start()
    defer {
      finished.signal()
      ended.wait()
    }
    return try body()
  }

  /// Removes the line.
  func clear() {
    guard isActive else { return }
    state.withLock { state in
      if !state.shown.isEmpty { terminal.send("\r\u{1B}[2K") }
      state.shown = ""
    }
  }
}
