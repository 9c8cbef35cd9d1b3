// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct ShadowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shadow",
    abstract: "Compare the answers of both sides, and tell noise from behaviour.",
    discussion: """
      Live traffic is compared by `strangler proxy` for routes with a `shadow` section, such as
      `shadow: { mode: compare, percent: 10 }`, and recorded traffic by `replay`. Both write what
      they find to the same kind of file, which the other commands read while it grows.

      EXAMPLES
        strangler shadow record --upstream http://127.0.0.1:9001 --har visit.har
        strangler shadow replay --har visit.har --legacy http://127.0.0.1:9001 \\
          --extracted http://127.0.0.1:9002 --path '/orders/**'
        strangler shadow report --format html --output report.html
        strangler shadow diff 3
        strangler shadow approve-noise --endpoint 'GET /orders/{id}' --path servedAt \\
          --reason 'time of the answer'
      """,
    subcommands: [
      ShadowRecordCommand.self, ShadowReplayCommand.self, ShadowReportCommand.self,
      ShadowDiffCommand.self, ShadowApproveNoiseCommand.self,
    ])
}

/// How the shadow commands write.
enum ShadowFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, html
}
