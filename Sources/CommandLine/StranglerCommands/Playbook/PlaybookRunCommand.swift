// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DependencyGraph
internal import Foundation
internal import Playbooks
internal import RoutingDecisions

struct PlaybookRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Carry out a playbook, and stop at the first command that fails.",
    discussion: """
      Shows each step with its commands before they run, what they write, and how long they took.
      All steps run in one bash, which begins in the folder that holds the playbooks, with this
      program and those beside it first in PATH. SCRATCH names a folder of its own, made for the
      run. Whatever the steps started and left is ended when they are through or one failed: by its
      process id, and what that started with it.

      A failure names the line of the playbook, the step, and the way back. What ran before is not
      undone. Read a playbook that you did not write with --dry-run first: it executes nothing.

      EXAMPLES
        strangler playbook run 3 --dry-run
        strangler playbook run first-shadow --keep
        strangler playbook run --all
        strangler playbook run 7 --format json --output run.json

      EXIT CODES
        0  every step was done
        1  a step failed, or took too long
        2  no such playbook, or one that cannot be used
        3  interrupted

      The JSON's schema is fixtures/schemas/playbook-run.schema.json; what the steps write goes to
      standard error then.
      """)

  @OptionGroup var place: PlaybookOption
  @OptionGroup var output: OutputOption

  @Argument(help: "Numbers or names of playbooks, with or without their numbers.")
  var names: [String] = []

  @Flag(help: "All playbooks, in their order.")
  var all = false

  @Flag(name: .customLong("dry-run"), help: "Show what would be executed and execute nothing.")
  var isDryRun = false

  @Flag(help: "Keep the folder SCRATCH of a run that went well too; one that failed keeps it.")
  var keep = false

  @Option(help: "Seconds that one step may take.")
  var timeout = 300

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    guard names.isEmpty == all else {
      throw ValidationError("name playbooks, or give --all; strangler playbook list shows them")
    }
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout: expected 1 to 86400 seconds, found \(timeout)")
    }
    if isDryRun, format == .json {
      throw ValidationError("--dry-run: playbook show --format json has the steps as JSON")
    }
    if format == .text, output.file != nil {
      throw ValidationError("--output: is for --format json; a run shows its text as it goes")
    }
  }

  func run() async throws {
    let folder = try place.open()
    let playbooks = all ? folder.playbooks : try names.map(folder.playbook)
    if isDryRun {
      let text = PlaybookText(.standardOutput)
      for playbook in playbooks {
        Terminal.standardOutput.write(
          text.head(playbook, file: folder.file(playbook), in: nil)
            + playbook.steps.map { text.step($0, of: playbook) }.joined())
      }
      return
    }
    let terminal: Terminal = format == .json ? .standardError : .standardOutput
    let runner = PlaybookRunner(
      folder: folder, terminal: terminal, limit: .seconds(timeout), keeps: keep)
    var report = PlaybookRunReport()
    var failure: (PlaybookProgress.Failure, Playbook)?
    for playbook in playbooks {
      let (progress, kept) = try await runner.run(playbook)
      report.add(progress, file: folder.file(playbook), kept: kept)
      failure = progress.failure.map { ($0, playbook) }
      if failure != nil { break }
    }
    if format == .json { try output.deliver(JSONText.encode(report)) }
    if let (failure, playbook) = failure {
      let text = "\(folder.file(playbook)):\(failure.line) failed, step \(failure.step)"
      throw failure.cause == .interruption
        ? CommandFailure.interrupted("interrupted in step \(failure.step) of \(playbook.name)")
        : CommandFailure.negative(text)
    }
    terminal.write("\(counted(playbooks.count, "playbook")) run, all steps done\n")
  }
}
