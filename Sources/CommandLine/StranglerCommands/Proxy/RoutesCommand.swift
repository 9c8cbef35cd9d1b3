// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct RoutesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "routes",
    abstract:
      "Check a configuration, list its routes, ask where a request would go, move one, export.",
    discussion: """
      EXAMPLES
        strangler routes validate --config strangler.yaml
        strangler routes list --config strangler.yaml --format json
        strangler routes explain --config strangler.yaml 'GET /orders/42' -H 'x-user-id: 7'
        strangler routes diff strangler.yaml next.yaml
        strangler routes set search 25 --reason 'first users'
        strangler routes export --format nginx --output strangler.conf
      """,
    subcommands: [
      RoutesValidateCommand.self, RoutesListCommand.self, RoutesExplainCommand.self,
      RoutesDiffCommand.self, RoutesSetCommand.self, RoutesExportCommand.self,
    ])
}

/// How the routes commands write.
enum RoutesFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json
}
