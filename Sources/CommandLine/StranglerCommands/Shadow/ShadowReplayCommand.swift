// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import RoutingDecisions
internal import ShadowComparison
internal import ShadowEvidenceStore
internal import ShadowTraffic
internal import UnixSignals

struct ShadowReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Send recorded requests to both sides and compare the answers.",
    discussion: """
      Reads a HAR 1.2 file, as browsers save it and `strangler shadow record` writes it. GET, HEAD
      and OPTIONS are sent; other methods only with --include-writes --sandbox, since each would
      change data on both sides. Cookies and authorizations of the recording are not sent. Where the
      answers differ, legacy is asked once more: what differs there too is noise. Every request
      carries `x-strangler-shadow: replay`. Ctrl-C ends early, with the report so far.
      A path is called likely after 6 requests in which only the extracted side was odd, real after
      12: --repeat sends a short recording more often.

      EXIT CODES
        0  compared; with --fail-on-difference also: nothing real or likely was found
        1  differences were found, with --fail-on-difference
        2  wrong arguments, a file that cannot be read, or a side that never answered

      EXAMPLES
        strangler shadow replay --har visit.har --legacy http://127.0.0.1:9001 \\
          --extracted http://127.0.0.1:9002 --path '/orders/**' --repeat 5
        strangler shadow replay --har visit.har --config strangler.yaml --route orders \\
          --legacy https://old.example --extracted https://new.example --rate 20 \\
          --header 'authorization: Bearer ...' --fail-on-difference
      """)

  @Option(help: "Recorded traffic, HTTP Archive 1.2.")
  var har: String

  @Option(help: "Where legacy answers, such as http://127.0.0.1:9001.")
  var legacy: String

  @Option(help: "Where the extracted side answers.")
  var extracted: String

  @Option(help: "Only requests below this recorded address; it is replaced by those of the sides.")
  var origin: String?

  @OptionGroup(title: "What is compared") var compared: ReplayRules

  @Option(name: [.customShort("H"), .customLong("header")], help: "Header field 'name: value'.")
  var headers: [String] = []

  @Flag(help: "Send cookies and authorizations as they were recorded.")
  var keepCredentials = false

  @Flag(help: "Send requests that may change data too; needs --sandbox.")
  var includeWrites = false

  @Flag(help: "Both sides are sandboxes whose data nobody relies on.")
  var sandbox = false

  @Option(help: "Requests under way at once, 1 to 64; writes are sent one by one.")
  var concurrency = 4

  @Option(help: "Recorded requests begun in a second, 1 to 10000.")
  var rate = 100

  @Option(name: .customLong("repeat"), help: "How often the recording is sent, 1 to 1000.")
  var repeats = 1

  @Option(help: "Seconds that a side may take for one answer, 1 to 300.")
  var deadline = 10

  @Option(help: "Largest share of requests for which legacy is asked again, in percent.")
  var askAgainPercent = 100

  @Flag(help: "End with 1 when there are differences that nobody approved as noise.")
  var failOnDifference = false

  @OptionGroup var evidence: EvidenceOption

  @Option(help: "text, json or html.")
  var format = ShadowFormat.text

  @OptionGroup var output: OutputOption

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    for (name, value, range) in [
      ("--concurrency", concurrency, 1...64), ("--rate", rate, 1...10_000),
      ("--repeat", repeats, 1...1_000), ("--deadline", deadline, 1...300),
      ("--ask-again-percent", askAgainPercent, 0...100),
    ] where !range.contains(value) {
      throw ValidationError(
        "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
    if includeWrites, !sandbox {
      throw ValidationError(
        "--include-writes: each write would happen on both sides; say --sandbox if their data may "
          + "change")
    }
    if sandbox, !includeWrites { throw ValidationError("--sandbox: only beside --include-writes") }
    for (name, text) in [("--legacy", legacy), ("--extracted", extracted), ("--origin", origin)] {
      guard let text, BaseAddress(parsing: text) == nil else { continue }
      throw ValidationError("\(name): expected \(BaseAddress.expected), found \"\(text)\"")
    }
    _ = try parsedHeaders()
  }

  func run() async throws {
    let (rules, filter) = try compared.resolve()
    let selection = try select(filter)
    let store = try evidence.open(creates: true)
    let run = try await begin(store)
    let done = try await replay(selection, rules, store, run)
    let report = try await store.report(runs: [run])
    try await ReportWriting(store: store, format: format, output: output).write(report)
    tell(selection, done)
    try judge(report)
  }

  private func begin(_ store: ShadowEvidenceStore) async throws -> Int64 {
    let now = UnixTime.milliseconds()
    try await store.prune(EvidenceRetention(), at: now)
    return try await store.begin(.replay, legacy: legacy, extracted: extracted, at: now)
  }

  // MARK: - The recording

  private func select(_ filter: RouteFilter?) throws -> ReplaySelection {
    var options = ReplaySelection.Options()
    options.origin = origin.flatMap { BaseAddress(parsing: $0) }
    options.includesWrites = includeWrites
    options.keepsCredentials = keepCredentials
    options.headers = try parsedHeaders()
    if let filter { options.isWanted = { filter.takes($0) } }
    let exchanges = try RecordedTraffic.read(har)
    let selection: ReplaySelection
    do throws(ReplaySelection.Problem) {
      selection = try ReplaySelection(exchanges, options)
    } catch {
      throw RecordedTraffic.failure(error, file: har)
    }
    guard !selection.requests.isEmpty else {
      throw CommandFailure.unusable(
        "no request of \(har) is left to send: \(selection.elsewhere) to other addresses, "
          + "\(selection.unwanted) that no route or path takes, \(selection.writes.count) that may "
          + "change data")
    }
    return selection
  }

  private func parsedHeaders() throws -> [ComparedResponse.Header] {
    try SentHeaders.parse(headers)
  }

  // MARK: - Sending

  /// Replays until everything is sent or the user interrupts; returns how many requests are over.
  private func replay(
    _ selection: ReplaySelection, _ rules: ComparisonRules, _ store: ShadowEvidenceStore,
    _ run: Int64
  ) async throws -> Int {
    guard let legacy = BaseAddress(parsing: legacy),
      let extracted = BaseAddress(parsing: extracted)
    else { return 0 }
    let writer = EvidenceWriter(
      store: store, run: run, logger: Logger(label: "strangler.shadow"),
      unixMilliseconds: UnixTime.milliseconds)
    let replay = Replay(
      options: ReplayOptions(
        legacy: legacy, extracted: extracted, concurrency: concurrency, rate: rate,
        repeats: repeats, answers: AnswerLimits(deadline: .seconds(deadline)),
        evidence: EvidenceLimits(reaskShare: Double(askAgainPercent) / 100), rules: rules),
      approvals: try await store.approvals(), writer: writer,
      unixMilliseconds: UnixTime.milliseconds)
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    let total = selection.requests.count * repeats
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let done = try await withThrowingTaskGroup(of: Int?.self) { group in
      group.addTask {
        try await replay.run(selection) { line.update("requests compared", done: $0, of: total) }
      }
      group.addTask {
        await writer.run()
        return nil
      }
      group.addTask {
        do {
          while true {
            try await Task.sleep(for: EvidenceWriter.interval)
            try await Self.shrink(store, run)
          }
        } catch is CancellationError {
          return nil
        }
      }
      group.addTask {
        for await _ in signals { break }
        return nil
      }
      // The writer ends only when it is cancelled, so whoever ends first ends the rest.
      var done: Int?
      while let finished = try await group.next() {
        group.cancelAll()
        done = finished ?? done
      }
      return done ?? 0
    }
    try await writer.flush()
    try await Self.shrink(store, run)
    try await store.end(run: run, at: UnixTime.milliseconds())
    return done
  }

  /// Deletes the oldest examples when the file has become too large, of this run at last.
  private static func shrink(_ store: ShadowEvidenceStore, _ run: Int64) async throws {
    let retention = EvidenceRetention()
    guard try await store.exceeds(retention) else { return }
    let now = UnixTime.milliseconds()
    try await store.touch(run: run, at: now)
    try await store.prune(retention, at: now)
  }

  // MARK: - The end

  private func tell(_ selection: ReplaySelection, _ done: Int) {
    let total = selection.requests.count * repeats
    if done < total {
      Terminal.standardError.write("interrupted after \(done) of \(total) requests\n")
    }
    if !selection.writes.isEmpty {
      Terminal.standardError.write(
        "\(selection.writes.count) requests that may change data were not sent\n")
    }
  }

  private func judge(_ report: ShadowReport) throws {
    let outcomes = report.endpoints.reduce(into: [Comparison.Outcome: Int]()) {
      $0.merge($1.outcomes, uniquingKeysWith: +)
    }
    let compared: Set<Comparison.Outcome> = [.matched, .ignored, .mismatched]
    let failures = outcomes.filter { !compared.contains($0.key) }
    if failures.count == outcomes.count, let (outcome, count) = failures.max(by: { $0.1 < $1.1 }) {
      let side = outcome == .legacyError ? "legacy, \(legacy)" : "the extracted side, \(extracted)"
      throw CommandFailure.unusable(
        "nothing was compared: \(side), failed on \(count) requests; is it up, and the address "
          + "right?")
    }
    if failOnDifference, report.hasDifferences { throw CommandFailure.negativeAnswer }
  }
}
