// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPContractFiles
internal import HTTPContracts
internal import JSONDocuments
internal import RoutingDecisions
internal import ShadowTraffic

struct HTTPContractsVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Ask a service what the examples ask, and hold its answers to theirs.",
    discussion: """
      An answer keeps an example when it has the status, the headers that clients act upon, and
      each member of the body in its type; all elements of an array are looked at. Members that the
      example has not may be there. The service needs the data that the examples ask for. GET, HEAD
      and OPTIONS are sent; other methods change data, and are sent with --allow-unsafe, in the
      order of the files. Redirects are not followed, nothing is tried again, and every request
      carries `x-strangler-shadow: contract`.

      EXAMPLES
        strangler contracts verify contracts --service http://127.0.0.1:9002
        strangler contracts verify contracts --service https://orders.staging.example \\
          --header 'authorization: Bearer ...' --format json --output verification.json
        strangler contracts verify contracts --service http://127.0.0.1:9002 \\
          --endpoint 'GET /orders/{id}'

      EXIT CODES
        0  all that was sent is kept
        1  something is not
        2  wrong arguments, an example that cannot be used, or a service that never answered
      """)

  @Argument(help: "Folder with the examples.")
  var folder: String

  @Option(help: "Where the service answers, such as http://127.0.0.1:9002.")
  var service: String

  @Option(name: [.customShort("H"), .customLong("header")], help: "Header field 'name: value'.")
  var headers: [String] = []

  @Option(
    name: .customLong("endpoint"),
    help: "Only examples of it, as reports name it, such as 'GET /orders/{id}'; repeatable.")
  var endpoints: [String] = []

  @Flag(help: "Send what may change data too.")
  var allowUnsafe = false

  @Option(help: "Seconds that one answer may take, 1 to 300.")
  var deadline = 10

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @OptionGroup var output: OutputOption

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    guard (1...300).contains(deadline) else {
      throw ValidationError("--deadline: expected 1 to 300, found \(deadline)")
    }
    guard BaseAddress(parsing: service) != nil else {
      throw ValidationError("--service: expected \(BaseAddress.expected), found \"\(service)\"")
    }
    _ = try SentHeaders.parse(headers)
  }

  func run() async throws {
    let entries = try wanted()
    guard let address = BaseAddress(parsing: service) else { return }
    let verifier = ContractVerifier(
      service: address, headers: try SentHeaders.parse(headers), allowsUnsafe: allowUnsafe,
      deadline: .seconds(deadline))
    let line = ProgressLine(quiet: quiet)
    let result = try await verifier.verify(entries) { done in
      line.update("examples verified", done: done, of: entries.count)
    }
    line.clear()
    try output.deliver(format == .json ? result.json.json : result.text)
    switch result.verdict {
    case .kept: return
    case .broken: throw CommandFailure.negativeAnswer
    case .unanswered:
      throw CommandFailure.unusable(
        "nothing is known: \(service) answered none of the requests; is it up, and the address "
          + "right?")
    }
  }

  private func wanted() throws -> [ContractVerifier.Entry] {
    let all = try HTTPContractsCommand.usable { () throws(ExampleFolder.Problem) in
      try ExampleFolder(folder, creates: false).entries
    }
    guard !all.isEmpty else {
      throw CommandFailure.unusable(
        "\(folder) holds no example; strangler contracts record makes some")
    }
    let wanted = all.filter { endpoints.isEmpty || endpoints.contains($0.example.endpoint) }
    let names = Set(all.map(\.example.endpoint))
    if let missing = endpoints.first(where: { !names.contains($0) }) {
      throw CommandFailure.unusable(
        "\(folder) has no example of \(missing); there are \(names.sorted().joined(separator: ", "))"
      )
    }
    guard allowUnsafe || wanted.contains(where: { $0.example.request.isSafe }) else {
      throw CommandFailure.unusable(
        "all of the examples may change data; --allow-unsafe sends them nevertheless")
    }
    return wanted.map { (file: $0.file, example: $0.example) }
  }
}
