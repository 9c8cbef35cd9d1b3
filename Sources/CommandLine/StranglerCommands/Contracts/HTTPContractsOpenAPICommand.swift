// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPContractFiles
internal import HTTPContracts
internal import JSONDocuments
internal import RoutingDecisions

struct HTTPContractsOpenAPICommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "openapi",
    abstract: "Compare two versions of an OpenAPI document: what breaks clients of the older one?",
    discussion: """
      Reads OpenAPI 3.0 and 3.1, as JSON or YAML, in one document each. What clients send may be
      widened and not narrowed, what they are answered may be narrowed and not widened; members
      that are new in an answer break nobody. Names of parameters in a path mean nothing. Each
      change has a rule, the place in the document, what changed, and what a client sees.
      A warning breaks nobody who keeps to the older version. Where a keyword that is not compared
      changed, such as `not`, a warning says so.

      --accept takes a rule, or a rule and an operation: such changes are listed and are no
      failures.

      EXAMPLES
        strangler contracts openapi --old released.json --new openapi.json
        strangler contracts openapi --old released.yaml --new openapi.yaml --format json
        strangler contracts openapi --old released.yaml --new openapi.yaml \\
          --accept 'api-removed GET /orders/export' --accept response-property-enum-value-added

      EXIT CODES
        0  compatible
        1  something breaks clients of the older version
        2  wrong arguments, or a document that cannot be used
      """)

  @Option(help: "The document that clients keep to.")
  var old: String

  @Option(help: "The document that is to take its place.")
  var new: String

  @Option(
    name: .customLong("accept"),
    help: "Rule, or 'RULE METHOD PATH', whose changes are meant; repeatable.")
  var accepted: [String] = []

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @OptionGroup var output: OutputOption

  private func parsed() throws -> [AcceptedChange] {
    try accepted.map { text in
      guard let change = AcceptedChange(parsing: text) else {
        throw ValidationError(
          "--accept: expected a rule such as 'api-removed' or 'api-removed GET /orders', "
            + "found \"\(text)\"")
      }
      return change
    }
  }

  func validate() throws { _ = try parsed() }

  func run() async throws {
    let documents = try HTTPContractsCommand.usable { () throws(ExampleFolder.Problem) in
      (old: try APIDescriptionFile.read(old), new: try APIDescriptionFile.read(new))
    }
    let report = APIComparison.report(
      old: documents.old, new: documents.new, accepted: try parsed())
    try output.deliver(format == .json ? report.json.json : report.text)
    guard report.isCompatible else { throw CommandFailure.negativeAnswer }
  }
}
