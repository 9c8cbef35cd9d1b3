// SPDX-License-Identifier: Apache-2.0

/// The program of a shell that carries out a playbook: all steps in one shell, so that folders,
/// variables, functions and jobs of one step are there in the next.
///
/// A line of the program is the same line of the playbook, whose words are left out. What the shell
/// says of an error therefore names the line that a reader sees. Marks between the steps tell
/// where the shell is; `PlaybookStream` reads them.
package struct PlaybookScript: Sendable, Equatable {
  /// The program; its first parameter is the folder to work in.
  package let text: String

  /// - Parameter token: that no step writes by itself; letters and digits.
  package init(_ playbook: Playbook, token: String) {
    var lines = playbook.text.split(separator: "\n", omittingEmptySubsequences: false).map { _ in ""
    }
    for step in playbook.steps {
      lines[step.lines.lowerBound - 1] = "playbook_mark step \(step.number)"
      lines[step.lines.upperBound - 1] = "playbook_mark done \(step.number)"
      let commands = step.commands.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, command) in commands.enumerated()
      where step.lines.lowerBound + index < step.lines.upperBound - 1 {
        lines[step.lines.lowerBound + index] = String(command)
      }
    }
    // The title's line is free.
    lines[0] = Self.prelude(token) + lines[0]
    text = lines.joined(separator: "\n")
  }

  /// Marks go where the output goes that the shell was given, whatever a step does with its own.
  /// Jobs that are left are ended by their ids when the shell ends, however it does.
  private static func prelude(_ token: String) -> String {
    [
      "exec 2>&1 {playbook_marks}>&1",
      #"playbook_mark() { printf '\036\#(token) %s\n' "$*" >&"$playbook_marks"; }"#,
      "playbook_failed() { local status=$?; "
        + #"playbook_mark failed "$1" "$status" "${2//$'\n'/ }"; return "$status"; }"#,
      "playbook_end() { local status=$? jobs; trap - ERR EXIT; set +e; playbook_mark ending; "
        + #"jobs="$(jobs -p)"; [ -z "$jobs" ] || { kill $jobs; wait; } 2>/dev/null; "#
        + #"exit "$status"; }"#,
      "set -eEuo pipefail",
      #"trap 'playbook_failed "$LINENO" "$BASH_COMMAND"' ERR"#,
      "trap playbook_end EXIT",
      "trap 'exit 143' TERM",
      #"cd -- "$1""#,
      "shift",
    ].joined(separator: "; ") + "; "
  }
}
