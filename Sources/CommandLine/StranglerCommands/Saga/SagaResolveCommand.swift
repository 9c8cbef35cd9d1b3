// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SagaModel

struct SagaResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Say what came of the step at which a saga is stuck.",
    discussion: """
      done: it was done, by its service or by hand, and the saga goes on behind it. undone: a pivot
      of unknown outcome has had no effect, and the saga goes back. Nobody checks what you say.

      EXAMPLES
        strangler saga resolve 4713 --config strangler.yaml --as done --reason 'paid by hand'
        strangler saga resolve 4714 --database shop.sqlite --as undone --reason 'no such payment'
      """)

  enum Outcome: String, CaseIterable, ExpressibleByArgument { case done, undone }

  @OptionGroup var options: SagaOrderOptions

  @Option(name: .customLong("as"), help: "done or undone.")
  var outcome: Outcome

  func run() async throws {
    try await options.decide(outcome == .done ? .resolveDone : .resolveUndone)
  }
}
