// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import SagaModel

struct SagaCompensateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compensate",
    abstract: "Give a saga up before its pivot: what was done is undone, the last first.",
    discussion: """
      A step that waits for an answer counts as done, and is undone too. After the pivot a saga goes
      forward only.

      EXAMPLES
        strangler saga compensate 4712 --config strangler.yaml --reason 'the customer called'
      """)

  @OptionGroup var options: SagaOrderOptions

  func run() async throws { try await options.decide(.compensate) }
}
