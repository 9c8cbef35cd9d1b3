// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct PlaybookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "playbook",
    abstract: "Follow a written procedure, step by step, with commands that run as written.",
    discussion: """
      A playbook is a Markdown file such as playbooks/03-first-shadow.md: what it needs, what one
      gets, the way back, and a block of commands (```sh) for each step. They are looked for in the
      folder playbooks of the working folder, or of one above it.

      EXAMPLES
        strangler playbook list
        strangler playbook show 3
        strangler playbook run first-shadow --dry-run
        strangler playbook run first-shadow
        strangler playbook run --all --format json --output playbooks.json

      EXIT CODES
        0  done
        1  a step failed, or took too long
        2  no such playbook, or one that cannot be used
        3  interrupted
      """,
    subcommands: [
      PlaybookListCommand.self, PlaybookShowCommand.self, PlaybookRunCommand.self,
    ])
}
