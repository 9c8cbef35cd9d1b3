// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import DependencyGraph
internal import Playbooks

/// Playbooks and their runs for people at a terminal.
struct PlaybookText {
  private let width: Int
  private let style: TextStyle

  init(_ terminal: Terminal) {
    width = terminal.width
    style = terminal.allowsColour ? .coloured : .plain
  }

  func list(_ folder: PlaybookFolder) -> String {
    text(
      folder.playbooks.flatMap { playbook in
        [style.strong("\(playbook.number). \(playbook.title)")]
          + wrapped("You get " + playbook.gives, width: width, indent: "   ")
          + [style.dim("   \(playbook.shortName), \(counted(playbook.steps.count, "step"))")]
      })
  }

  /// Before anything is executed.
  func head(_ playbook: Playbook, file: String, in folder: String?) -> String {
    let place = folder.map { ", works in \($0)" } ?? ""
    return text([
      style.strong("== \(playbook.number). \(playbook.title)")
        + " (\(file), \(counted(playbook.steps.count, "step"))\(place))"
    ])
  }

  /// A step and its commands, as they are about to run.
  func step(_ step: Playbook.Step, of playbook: Playbook) -> String {
    let commands = step.commands.split(separator: "\n", omittingEmptySubsequences: false)
    return text(
      [
        style.strong("-- \(step.number)/\(playbook.steps.count) \(step.heading)")
          + " (line \(step.lines.lowerBound))"
      ] + commands.map { style.dim("   $ \($0)") })
  }

  func finished(_ time: Duration) -> String {
    text(["   \(style.good("ok")) \(Self.seconds(time))"])
  }

  func failed(_ failure: PlaybookProgress.Failure, of playbook: Playbook, file: String) -> String {
    let step = playbook.steps[failure.step - 1]
    var lines = [
      "\(style.bad("failed")) at \(file):\(failure.line), step \(failure.step) of "
        + "\(playbook.steps.count), \"\(step.heading)\": \(Self.reason(failure.cause))"
    ]
    if let command = failure.command { lines.append("   \(command)") }
    return text(lines + wrapped("Way back: \(step.wayBack)", width: width, indent: "   "))
  }

  func kept(_ folder: String) -> String {
    text(["   What it started has been ended; what it wrote is in \(folder)"])
  }

  private func text(_ lines: [String]) -> String {
    TerminalText.document(sections: [lines], style)
  }

  static func reason(_ cause: PlaybookProgress.Failure.Cause) -> String {
    switch cause {
    case .status(let code): "a command ended with \(code)"
    case .signal(let number): "its shell was ended by signal \(number)"
    case .time(let limit): "it took longer than \(seconds(limit))"
    case .interruption: "it was interrupted"
    }
  }

  private static func seconds(_ time: Duration) -> String {
    let tenths = Int((time / .milliseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
