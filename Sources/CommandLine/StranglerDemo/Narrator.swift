// SPDX-License-Identifier: Apache-2.0

internal import AnalysisReports

/// Where the demonstration's lines go.
public struct Narrator: Sendable {
  private let write: @Sendable (String) -> Void
  private let isInteractive: Bool
  private let start: ContinuousClock.Instant

  /// - Parameters:
  ///   - isInteractive: True when a person watches a terminal: a line may then be rewritten.
  ///   - write: Receives text with its line ends.
  public init(isInteractive: Bool, write: @escaping @Sendable (String) -> Void) {
    self.isInteractive = isInteractive
    self.write = write
    start = ContinuousClock().now
  }

  /// Starts a section; shows the seconds since the start.
  func section(_ title: String) {
    let seconds = Int((ContinuousClock().now - start) / .seconds(1))
    write("\n\(clearLine)[\(seconds) s] \(shown(title))\n")
  }

  /// One line of a section.
  func line(_ text: String) {
    write("\(clearLine)  \(shown(text))\n")
  }

  /// Text as it is.
  func verbatim(_ text: String) {
    write("\(clearLine)\(shown(text))\n")
  }

  /// A line that the next one replaces; only on a terminal.
  func progress(_ text: String) {
    guard isInteractive else { return }
    write("\(clearLine)  \(shown(text))")
  }

  /// What programs and answers hold must not steer the terminal.
  private func shown(_ text: String) -> String {
    isInteractive ? TerminalText.shown(text) : text
  }

  private var clearLine: String { isInteractive ? "\r\u{1B}[2K" : "" }
}
