// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPContracts
internal import ShadowComparison
internal import ShadowEvidenceStore
internal import ShadowTraffic

/// The options that say which recorded traffic examples are made of.
struct RecordedSource: ParsableArguments {
  /// A side of a comparison.
  enum Side: String, CaseIterable, ExpressibleByArgument {
    case legacy, extracted
  }

  @Option(help: "Recorded traffic, HTTP Archive 1.2.")
  var har: String?

  @Option(help: "Only requests below this recorded address.")
  var origin: String?

  @Option(help: "SQLite file with the evidence of comparisons.")
  var evidence: String?

  @Option(name: .customLong("run"), help: "Number of a run in the evidence; repeatable.")
  var runs: [Int64] = []

  @Option(help: "Whose answers of the evidence are the examples: legacy or extracted.")
  var side = Side.legacy

  func validate() throws {
    guard (har == nil) != (evidence == nil) else {
      throw ValidationError(
        har == nil ? "--har: missing, as --evidence is" : "--evidence: expected this or --har")
    }
    if evidence == nil, !runs.isEmpty { throw ValidationError("--run: only beside --evidence") }
    if har == nil, origin != nil { throw ValidationError("--origin: only beside --har") }
    if let origin, BaseAddress(parsing: origin) == nil {
      throw ValidationError("--origin: expected \(BaseAddress.expected), found \"\(origin)\"")
    }
  }

  /// As messages call it.
  var name: String { har ?? evidence ?? "" }

  /// Exchanges in recorded order, each with its target at the service.
  func read() async throws -> [(exchange: RecordedExchange, target: String)] {
    if let har { return try archived(har) }
    return try await compared()
  }

  private func archived(
    _ file: String
  ) throws -> [(exchange: RecordedExchange, target: String)] {
    let exchanges = try RecordedTraffic.read(file)
    guard let origin = origin.flatMap({ BaseAddress(parsing: $0) }) else {
      let origins = exchanges.reduce(into: [:]) { $0[$1.origin ?? "", default: 0] += 1 }
      guard origins.count <= 1 else {
        throw RecordedTraffic.failure(.severalOrigins(origins), file: file)
      }
      return exchanges.map { ($0, $0.target) }
    }
    return exchanges.compactMap { exchange in
      origin.target(of: exchange.url).map { (exchange, $0) }
    }
  }

  /// Safe requests alone: of others the evidence has not what was sent.
  private func compared() async throws -> [(exchange: RecordedExchange, target: String)] {
    var option = EvidenceOption()
    option.file = evidence ?? ""
    let store = try option.reading()
    let known = try await store.runs().map(\.number)
    if let missing = runs.first(where: { !known.contains($0) }) {
      throw CommandFailure.unusable(
        "there is no run \(missing); strangler shadow report --list-runs shows those there are")
    }
    let report = try await store.report(runs: runs.isEmpty ? nil : runs)
    return try await store.pairs(of: report).sorted { $0.key < $1.key }.map { _, pair in
      RecordedExchange(pair, side == .legacy ? .legacy : .extracted)
    }.filter(\.isSafe).map { ($0, $0.target) }
  }
}
