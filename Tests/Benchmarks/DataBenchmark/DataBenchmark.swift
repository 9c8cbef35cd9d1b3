// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DataMapping
import Foundation

@main
struct DataBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data-benchmark",
    abstract: "Measure the moving of data between real stores on this machine.",
    discussion: """
      Starts a PostgreSQL for each store, of its own on loopback, and prints a row for each
      measurement, beside what is demanded. On a machine with nothing else to do.

        postgresql  a table of PostgreSQL that is written at a steady rate moves to another one:
                    copied, compared live, forward, back and forward again, then more changes of
                    sides; both sides are compared by SQL in the end
        sqlite      the same from SQLite
        verify      the comparison of two tables without a difference, beside one SELECT with a hash
                    over each, and beside reladiff where --reladiff names it
        checks      chunks compared while they are written, and differences that are none
        drifts      rows of each kind that are planted, found, and repaired
        kills       the commands of --strangler, and the servers, killed at random moments while
                    rows are written, and an observer of both sides; left out without --strangler

      EXAMPLES
        data-benchmark
        data-benchmark --only verify --reladiff ~/.local/bin/reladiff
        data-benchmark --only kills --strangler .build/release/strangler
        data-benchmark --quick --json result.json
      """)

  @Option(help: "Rows to measure, by commas.") var only: String?
  @Option(help: "Rows of a table.") var rows = 2_000_000
  @Option(help: "Writes a second.") var rate = 1_000
  @Option(help: "Writers at the same time.") var writers = 8
  @Option(help: "Changes of sides behind the first three.") var flips = 100
  @Option(help: "Chunks that are compared live.") var checks = 100_000
  @Option(help: "Rows of each kind that are planted.") var drifts = 500
  @Option(help: "Commands that are killed.") var kills = 300
  @Option(help: "The program reladiff, to compare with.") var reladiff: String?
  @Option(help: "The program strangler, whose commands are killed.") var strangler: String?
  @Option(help: "By which moments of kills are drawn.") var seed: UInt64 = 1
  @Flag(help: "A look of a minute.") var quick = false
  @Option(help: "File for the rows as JSON.") var json: String?

  enum Row: String, CaseIterable {
    case postgresql, sqlite, verify, checks, drifts, kills
  }

  func validate() throws {
    _ = try chosen()
    guard [rows, rate, writers, flips, checks, drifts, kills].allSatisfy({ $0 > 0 }) else {
      throw ValidationError("Numbers begin with 1.")
    }
    guard quick || rows >= 10 * drifts else {
      throw ValidationError("Too few rows for that many planted ones.")
    }
    guard try only == nil || strangler != nil || !chosen().contains(.kills) else {
      throw ValidationError("kills needs --strangler, the program whose commands are killed.")
    }
  }

  func run() async throws {
    #if PostgreSQL
      var plan = BenchmarkPlan(
        rows: rows, rate: rate, writers: writers, flips: flips, checks: checks, drifts: drifts,
        kills: kills)
      if quick { plan.shorten() }
      var results: [RowResult] = []
      for row in try chosen() {
        let result =
          switch row {
          case .postgresql: try await MoveRow(plan, from: StoreKind.postgreSQL).measure()
          case .sqlite: try await MoveRow(plan, from: StoreKind.sqlite).measure()
          case .verify: try await VerifyRow(plan, reladiff: reladiff).measure()
          case .checks: try await ChecksRow(plan).measure()
          case .drifts: try await DriftsRow(plan).measure()
          case .kills: try await KillsRow(plan, strangler: strangler ?? "", seed: seed).measure()
          }
        print(result.line)
        results.append(result)
      }
      if let json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(results).write(to: URL(filePath: json))
      }
      if results.contains(where: { !$0.isAsDemanded }) { throw ExitCode.failure }
    #else
      throw ValidationError("Build it with --traits PostgreSQL.")
    #endif
  }

  private func chosen() throws -> [Row] {
    guard let only else { return Row.allCases.filter { $0 != .kills || strangler != nil } }
    return try only.split(separator: ",").map { name in
      guard let row = Row(rawValue: String(name)) else {
        let known = Row.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(name) is none of \(known).")
      }
      return row
    }
  }
}

/// What one row came to.
struct RowResult: Codable {
  var row: String
  /// By name, with the unit in it.
  var numbers: [String: Double]
  var text: String
  var demand: String
  var isAsDemanded: Bool

  var line: String { "\(row): \(text)  [\(demand): \(isAsDemanded ? "met" : "MISSED")]" }
}

/// How much is measured.
struct BenchmarkPlan {
  var rows: Int
  var rate: Int
  var writers: Int
  var flips: Int
  var checks: Int
  var drifts: Int
  var kills: Int

  mutating func shorten() {
    rows = min(rows, 20_000)
    flips = min(flips, 6)
    checks = min(checks, 500)
    drifts = min(drifts, 20)
    kills = min(kills, 20)
  }
}

extension [Double] {
  /// Nearest rank; 0 of nothing.
  func percentile(_ percent: Double) -> Double {
    guard !isEmpty else { return 0 }
    let rank = Int((Double(count) * percent / 100).rounded(.up))
    return sorted()[Swift.min(count, Swift.max(1, rank)) - 1]
  }
}

extension Double {
  func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
