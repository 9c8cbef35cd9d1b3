// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
public import ArgumentParser

/// The `strangler` command: one subcommand per question a migrating team asks.
public struct Strangler: AsyncParsableCommand {
  /// Name, summary, subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "strangler",
    abstract: "Move a Swift monolith to services one route, one table and one event at a time.",
    discussion: """
      EXAMPLES
        strangler demo                       see everything at work in one minute
        strangler analyze ~/code/monolith    where can we cut?
        strangler init ~/code/monolith       a first strangler.yaml, and a playbook to follow
        strangler routes validate --config strangler.yaml
        strangler routes explain 'GET /orders/42' -H 'x-user-id: 7'
        strangler proxy --config strangler.yaml
        strangler cutover start orders --reason 'ticket 12'
        strangler outbox init --database postgresql://shop@db.internal/shop
        strangler saga list --database shop.sqlite --state stuck
        strangler data check --config strangler.yaml
        strangler status --sources ~/code/monolith --live
        strangler playbook list
        strangler retire orders --sources ~/code/monolith --live
        strangler contracts verify contracts --service http://127.0.0.1:9002
        strangler shadow replay --har visit.har --legacy http://127.0.0.1:9001 \\
          --extracted http://127.0.0.1:9002

      EXIT CODES
        0  done
        1  the command ran and its answer is no: a check failed, a demand was not met
        2  the command could not run: wrong arguments, unreadable input, invalid configuration
      """,
    version: "0.1.0",
    subcommands: [
      AnalyzeCommand.self, InitCommand.self, ProxyCommand.self, RoutesCommand.self,
      CutoverCommand.self, OutboxCommand.self, SagaCommandGroup.self, DataCommand.self,
      StatusCommand.self, ShadowCommand.self, HTTPContractsCommand.self, RetireCommand.self,
      PlaybookCommand.self, DemoCommand.self, OrdersServiceCommand.self,
    ])

  /// Creates the command.
  public init() {}

  /// No option is called by a digit: a number below zero is a value, for its command to refuse. It
  /// is moved behind `--`, where ArgumentParser looks for no options; not what follows an option,
  /// whose value it may be.
  static func readingNegativeNumbers(_ arguments: some Sequence<String>) -> [String] {
    var (kept, numbers): ([String], [String]) = ([], [])
    for argument in arguments {
      if argument.wholeMatch(of: /-[0-9].*/) != nil, kept.last?.hasPrefix("-") != true {
        numbers.append(argument)
      } else {
        kept.append(argument)
      }
    }
    return numbers.isEmpty || kept.contains("--") ? kept + numbers : kept + ["--"] + numbers
  }

  /// Parses the process's arguments, runs the command they name and exits with its code.
  public static func runToExit() async -> Never {
    do {
      var command = try parseAsRoot(readingNegativeNumbers(CommandLine.arguments.dropFirst()))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      exit(withError: nil)
    } catch let error as CommandFailure {
      Terminal.standardError.write(error.text)
      exit(withError: error.exitCode)
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      // ArgumentParser writes help to standard output and usage errors to standard error; only its
      // code for the latter (64) is replaced by ours.
      let code = exitCode(for: error)
      let text = TerminalText.escaped(fullMessage(for: error), keepingLines: true)
      if !text.isEmpty {
        (code.isSuccess ? Terminal.standardOutput : .standardError).write(text + "\n")
      }
      exit(withError: code.isSuccess ? code : CommandFailure.unusableInput)
    }
  }
}
