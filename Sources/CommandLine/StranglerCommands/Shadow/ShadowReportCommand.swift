// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ShadowComparison
internal import ShadowEvidenceStore

struct ShadowReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show what was found: match rates, differing paths, examples, latency.",
    discussion: """
      Shows the run of live traffic that goes on, as the console does, or else the newest run.
      A path is `real` when the evidence that both sides behave differently is 1,000 to 1, `likely`
      from 20 to 1; `noise-proposed` wants somebody's approval, and `undecided` has too little
      evidence either way. Match rates come with an interval that stays valid however often it is
      looked at. The HTML is one file that needs nothing else.

      EXAMPLES
        strangler shadow report
        strangler shadow report --list-runs
        strangler shadow report --run 3 --endpoint 'GET /orders/{id}'
        strangler shadow report --format html --output report.html
      """)

  @OptionGroup var evidence: EvidenceOption

  @Option(name: .customLong("run"), help: "Number of a run; may stand here more than once.")
  var runs: [Int64] = []

  @Flag(help: "Show all runs as one.")
  var allRuns = false

  @Flag(help: "List the runs instead.")
  var listRuns = false

  @Option(help: "Only this endpoint, as reports name it.")
  var endpoint: String?

  @Flag(help: "End with 1 when there are differences that nobody approved as noise.")
  var failOnDifference = false

  @Option(help: "text, json or html.")
  var format = ShadowFormat.text

  @OptionGroup var output: OutputOption

  func validate() throws {
    if allRuns, !runs.isEmpty { throw ValidationError("--all-runs: expected this or --run") }
  }

  func run() async throws {
    let store = try evidence.reading()
    let known = try await store.runs()
    if listRuns { return try output.deliver(Self.list(known)) }
    let current = try await store.currentRun(at: UnixTime.milliseconds())
    let report = try await store.report(
      runs: try wanted(among: known, current), endpoint: endpoint)
    if let endpoint, report.endpoints.isEmpty {
      throw CommandFailure.unusable(
        "nothing is known about \"\(endpoint)\"; endpoints are named as in the whole report")
    }
    try await ReportWriting(store: store, format: format, output: output).write(report)
    if failOnDifference, report.hasDifferences { throw CommandFailure.negativeAnswer }
  }

  private func wanted(among known: [EvidenceRun], _ current: EvidenceRun?) throws -> [Int64] {
    if allRuns { return known.map(\.number).reversed() }
    if runs.isEmpty {
      guard let current else {
        throw CommandFailure.unusable("\(evidence.file) holds no run yet")
      }
      return [current.number]
    }
    if let missing = runs.first(where: { number in !known.contains { $0.number == number } }) {
      throw CommandFailure.unusable("there is no run \(missing); --list-runs shows those there are")
    }
    return runs
  }

  private static func list(_ runs: [EvidenceRun]) -> String {
    if runs.isEmpty { return "no runs\n" }
    return runs.map { run in
      let end = run.endedAt.map { "ended \(UnixTime.text($0))" } ?? "not ended"
      return
        "\(run.number)  \(run.source.rawValue)  began \(UnixTime.text(run.startedAt)), \(end)  "
        + "\(run.comparisons) comparisons  \(run.legacy) and \(run.extracted)\n"
    }.joined()
  }
}
