// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
public import ShadowComparison
public import ShadowEvidenceStore

/// Sends recorded requests to both sides, compares the answers and files what it finds.
///
/// Both sides are asked at the same moment, so that neither sees younger data; where they differ,
/// legacy is asked once more within the budget. Writes are sent one after the other, in recorded
/// order, and never twice.
public struct Replay: Sendable {
  private let options: ReplayOptions
  private let ledger: ReplayLedger
  private let comparator: ResponseComparator

  /// Creates a replay.
  ///
  /// - Parameters:
  ///   - approvals: what counts as noise.
  ///   - writer: takes what is found.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  public init(
    options: ReplayOptions, approvals: [NoiseApproval], writer: EvidenceWriter,
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.options = options
    comparator = ResponseComparator(rules: options.rules)
    ledger = ReplayLedger(
      limits: options.evidence, rules: options.rules, approvals: approvals, writer: writer,
      unixMilliseconds: unixMilliseconds)
  }

  /// Sends everything that was selected, or as much as there is time for until it is cancelled.
  ///
  /// - Parameter progress: called with the number of requests that are over.
  /// - Returns: that number.
  public func run(
    _ selection: ReplaySelection, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Int {
    for write in selection.writes { await ledger.drop(write, .unsafeMethod) }
    // A write may change what a later request is answered.
    let isOrdered = selection.requests.contains { !$0.isSafe }
    let concurrency = isOrdered ? 1 : options.concurrency
    let client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup,
      configuration: .comparing(connections: concurrency))
    let sides = Sides(
      legacy: SideClient(client: client, base: options.legacy, limits: options.answers),
      extracted: SideClient(client: client, base: options.extracted, limits: options.answers))
    await send(selection.requests, concurrency: concurrency, sides, progress)
    try await client.shutdown()
    return await ledger.done
  }

  private struct Sides: Sendable {
    let legacy: SideClient
    let extracted: SideClient
  }

  private func send(
    _ requests: [ReplayRequest], concurrency: Int, _ sides: Sides,
    _ progress: @escaping @Sendable (Int) -> Void
  ) async {
    let clock = ContinuousClock()
    let start = clock.now
    let interval = Duration.seconds(1) / options.rate
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<(requests.count * options.repeats) {
        if number >= concurrency { await group.next() }
        try? await clock.sleep(until: start + interval * number)
        if Task.isCancelled { break }
        let request = requests[number % requests.count]
        group.addTask {
          await compare(request, sides)
          // One that was cut short says nothing about either side.
          if !Task.isCancelled { progress(await ledger.finishOne()) }
        }
      }
    }
  }

  private func compare(_ request: ReplayRequest, _ sides: Sides) async {
    async let legacyOutcome = sides.legacy.ask(request)
    async let extractedOutcome = sides.extracted.ask(request)
    let outcomes = await (legacyOutcome, extractedOutcome)
    if Task.isCancelled { return }
    if case .dropped(let reason) = outcomes.0 { return await ledger.drop(request, reason) }
    if case .dropped(let reason) = outcomes.1 { return await ledger.drop(request, reason) }
    if case .answer(.failure(.undecodable), _) = outcomes.0 {
      return await ledger.drop(request, .legacyUnanswered)
    }
    guard case .answer(let legacy, let legacyTime) = outcomes.0,
      case .answer(let extracted, let extractedTime) = outcomes.1
    else { return }
    let asksAgain = await ledger.file(
      ReplayLedger.Finding(
        legacy: legacy, extracted: extracted,
        comparison: comparator.compare(legacy: legacy, extracted: extracted),
        times: AnswerTimes(legacy: legacyTime, extracted: extractedTime)), of: request)
    guard asksAgain, case .response(let first) = legacy, case .response(let other) = extracted,
      case .answer(.response(let again), _) = await sides.legacy.ask(request), again.status < 500,
      let triples = comparator.oddOneOut(legacy: first, extracted: other, legacyAgain: again)
    else { return }
    await ledger.file(triples, of: request)
  }
}
