// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SagaModel

struct SagaRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Try the step at which a saga is stuck again, with all its attempts.",
    discussion: """
      The step keeps its key, so nobody does it twice. A saga that only waits for its next attempt
      is not made to wait any longer.

      EXAMPLES
        strangler saga retry 4711 --database shop.sqlite --reason 'the mail server is back'
      """)

  @OptionGroup var options: SagaOrderOptions

  func run() async throws { try await options.decide(.retry) }
}
