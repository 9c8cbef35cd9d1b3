// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser

/// Ends a command with a sentence for the person who ran it.
struct CommandFailure: Error {
  /// Exit code for arguments, files and configurations that cannot be used.
  static let unusableInput = ExitCode(2)
  /// Exit code for a command that ran and whose answer is no.
  static let negativeAnswer = ExitCode(1)
  /// Exit code for a command that was interrupted, whose answer is one about a part.
  static let interruption = ExitCode(3)

  /// One line.
  let message: String
  /// Lines that follow it.
  var details: [String] = []
  let exitCode: ExitCode

  /// The command could not run: exit code 2.
  static func unusable(_ message: String, details: [String] = []) -> CommandFailure {
    CommandFailure(message: message, details: details, exitCode: unusableInput)
  }

  /// The command ran and a demand was not met: exit code 1.
  static func negative(_ message: String) -> CommandFailure {
    CommandFailure(message: message, exitCode: negativeAnswer)
  }

  /// The command was interrupted before it had its answer: exit code 3.
  static func interrupted(_ message: String) -> CommandFailure {
    CommandFailure(message: message, exitCode: interruption)
  }

  /// What standard error gets. It quotes paths, arguments and answers: none of them may be more
  /// than text there.
  var text: String {
    (["strangler: " + message] + details).map { TerminalText.escaped($0) + "\n" }.joined()
  }
}
