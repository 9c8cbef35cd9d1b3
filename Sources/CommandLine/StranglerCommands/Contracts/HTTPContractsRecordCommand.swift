// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPContractFiles
internal import HTTPContracts
internal import JSONDocuments
internal import RoutingDecisions
internal import ShadowComparison

struct HTTPContractsRecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Make examples of recorded traffic: one of each kind, without secrets.",
    discussion: """
      Reads a HAR 1.2 file, as browsers save it and `strangler shadow record` writes it, or the
      answers that a comparison kept as evidence. Exchanges are of one kind that agree in method,
      form of the path, names of parameters, status, media types and shapes of their bodies; the
      first of each kind becomes an example. Those that are in the folder already stay as they are,
      so that they can be changed by hand and recorded to again.

      Cookies, authorizations and API keys are left out of requests, and members, parameters and
      texts that look like secrets are redacted; what cannot be sent without them is no example.
      The evidence has the answers that differed, and neither headers nor bodies of requests.

      Types have to stay, not values: --pin names values that have to, --optional what may be
      absent, --ignore what nobody relies on. Paths are those of `strangler shadow`.

      EXAMPLES
        strangler contracts record --har visit.har --path '/orders/**' --output contracts
        strangler contracts record --har visit.har --path '/orders/**' --output contracts \\
          --pin status --pin header:cache-control --ignore '**.debug' --redact '**email'
        strangler contracts record --evidence shadow.sqlite --output contracts
      """)

  @OptionGroup var source: RecordedSource

  @OptionGroup(title: "What is recorded") var wanted: WantedRequests

  @Option(name: .customLong("output"), help: "Folder for the examples, one in each file.")
  var folder: String

  @Option(
    name: .customLong("pin"),
    help: "Path of values that have to stay, such as status or items[].total; repeatable.")
  var pinned: [String] = []

  @Option(
    name: .customLong("optional"), help: "Path of what may be absent, or empty; repeatable.")
  var optional: [String] = []

  @Option(name: .customLong("ignore"), help: "Path of what nobody relies on; repeatable.")
  var ignored: [String] = []

  @Option(
    name: .customLong("redact"),
    help: "What is never written, such as **email, query:token, path:/reset/{token}; repeatable.")
  var redact: [String] = []

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    try ReplayRules.check(redact)
    for (name, texts) in [("--pin", pinned), ("--optional", optional), ("--ignore", ignored)]
    where texts.contains("") {
      throw ValidationError("\(name): expected a path such as items[].total, found \"\"")
    }
  }

  func run() async throws {
    let (route, filter) = try wanted.resolve()
    let exchanges = try await source.read()
    var examples = try HTTPContractsCommand.usable { () throws(ExampleFolder.Problem) in
      try ExampleFolder(folder, creates: true)
    }
    var recorder = ContractRecorder(
      rules: MatchingRules(
        values: pinned.map { PathPattern($0) }, ignored: ignored.map { PathPattern($0) },
        optional: optional.map { PathPattern($0) }),
      redact: (route?.shadow?.rules.redact ?? []) + redact.map { PathPattern($0) },
      known: examples.entries.map(\.example))
    var unwanted = 0
    for (exchange, target) in exchanges {
      if let filter, !filter.takes(exchange.method, target, exchange.headers) {
        unwanted += 1
      } else {
        recorder.take(exchange, target: target)
      }
    }
    let added = recorder.examples
    let files = try HTTPContractsCommand.usable { () throws(ExampleFolder.Problem) in
      try added.isEmpty ? [] : examples.add(added)
    }
    let recording = ContractRecording(
      folder: folder, files: files, examples: added, outcomes: recorder.outcomes,
      unwanted: unwanted)
    guard recording.isOfUse else {
      throw CommandFailure.unusable(
        "no exchange of \(source.name) became an example", details: recording.leftOut)
    }
    Terminal.standardOutput.write(format == .json ? recording.json.json : recording.text)
  }
}
