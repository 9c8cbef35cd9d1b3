// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

@main
struct MessagingBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "messaging-benchmark",
    abstract: "Measure outbox and relay from PostgreSQL to JetStream on this machine.",
    discussion: """
      Starts a PostgreSQL that writes through to the disk and a nats-server, of their own on
      loopback, and prints a row for each measurement, beside what is demanded. What is compared is
      run in turns and the medians are compared. On a machine with nothing else to do.

        throughput  events a second from a full outbox into a stream, each acknowledged, beside a
                    publisher in C alone on the same server
        latency     from COMMIT to the stream's acknowledgement at a steady rate, alone and beside a
                    transaction that has written and stays open
        writer      checkouts of a shop a second with an event, sent with COMMIT or before it, and
                    without, and the worst case, a business transaction of one row
        backlog     a full outbox with one aggregate that the broker refuses: memory of the process
                    that drains it
        hour        an hour compressed to --minutes: a steady rate beside a snapshot that somebody
                    holds all the time; dead rows, growth of the tables, memory of the relay
        pgqueuer    events a second from a full outbox beside jobs a second of pgqueuer on the same
                    server; only with --pgqueuer PYTHON, an interpreter that has it:
                      python3 -m venv /tmp/pgqueuer
                      /tmp/pgqueuer/bin/pip install pgqueuer asyncpg uvloop
                      messaging-benchmark --only pgqueuer --pgqueuer /tmp/pgqueuer/bin/python
        saga        sagas of three steps a second, 16 in flight, beside workflows of DBOS on the
                    same server; only with --dbos PYTHON, an interpreter that has it:
                      python3 -m venv /tmp/dbos
                      /tmp/dbos/bin/pip install dbos
                      messaging-benchmark --only saga --dbos /tmp/dbos/bin/python

      EXAMPLES
        messaging-benchmark
        messaging-benchmark --only latency --seconds 30
        messaging-benchmark --only writer --writers 1
        messaging-benchmark --only hour --minutes 10
        messaging-benchmark --quick --json result.json
      """)

  @Option(help: "Rows to measure, by commas.") var only: String?
  @Option(help: "Turns of each side.") var rounds = 5
  @Option(help: "Seconds of a turn of latency and writer.") var seconds = 10
  @Option(help: "Events of a turn of throughput.") var events = 100_000
  @Option(help: "Events of the backlog.") var backlog = 1_000_000
  @Option(help: "Aggregates that events are spread over.") var aggregates = 2_000
  @Option(help: "Events a second of latency.") var rate = 1_000
  @Option(help: "Writers at the same time.") var writers = 8
  @Option(help: "Most messages that the relay publishes at the same time.") var concurrency: Int?
  @Option(help: "Most events that the relay reads at once.") var page: Int?
  @Option(help: "Minutes that the hour is compressed to.") var minutes = 3
  @Option(help: ArgumentHelp("Python that has pgqueuer and asyncpg.", valueName: "python"))
  var pgqueuer: String?
  @Option(help: ArgumentHelp("Python that has dbos.", valueName: "python")) var dbos: String?
  @Option(help: "Sagas of a turn.") var sagas = 10_000
  @Flag(help: "Tell the relay of each commit, as in the process of the service.") var nudge = false
  @Flag(help: "A short look.") var quick = false
  @Option(help: "File for the rows as JSON.") var json: String?
  @Option(help: .hidden) var relay: String?

  enum Row: String, CaseIterable {
    case throughput, latency, writer, backlog, hour, pgqueuer, saga
  }

  func validate() throws {
    _ = try rows()
    let numbers = [
      rounds, seconds, events, backlog, aggregates, rate, writers, minutes, sagas,
    ]
    guard numbers.allSatisfy({ $0 > 0 }) else { throw ValidationError("Numbers begin with 1.") }
    guard seconds <= 50 else { throw ValidationError("A transaction stays open for 50 s at most.") }
    guard try pgqueuer != nil || !rows().contains(.pgqueuer) else {
      throw ValidationError("--pgqueuer names a Python that has pgqueuer.")
    }
    guard try dbos != nil || !rows().contains(.saga) else {
      throw ValidationError("--dbos names a Python that has dbos.")
    }
  }

  func run() async throws {
    #if PostgreSQL && NATS
      if let role = relay.flatMap(RelayRole.init(text:)) { return try await role.run() }
      var plan = BenchmarkPlan(
        rounds: rounds, seconds: seconds, events: events, backlog: backlog, aggregates: aggregates,
        rate: rate, writers: writers, minutes: minutes, concurrency: concurrency, page: page,
        nudge: nudge, sagas: sagas)
      if quick { plan.shorten() }
      var results: [RowResult] = []
      for row in try rows() {
        let world = try await BenchmarkWorld(plan)
        defer { world.end() }
        let result = try await measure(row, in: world)
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
      throw ValidationError("Build it with --traits PostgreSQL,NATS.")
    #endif
  }

  #if PostgreSQL && NATS
    private func measure(_ row: Row, in world: BenchmarkWorld) async throws -> RowResult {
      switch row {
      case .throughput: try await ThroughputRow(world).measure()
      case .latency: try await LatencyRow(world).measure()
      case .writer: try await WriterRow(world).measure()
      case .backlog: try await BacklogRow(world).measure()
      case .hour: try await HourRow(world).measure()
      case .pgqueuer: try await PgqueuerRow(world, interpreter: pgqueuer ?? "").measure()
      case .saga: try await SagaRow(world, interpreter: dbos ?? "").measure()
      }
    }
  #endif

  private func rows() throws -> [Row] {
    guard let only else {
      return Row.allCases.filter { row in
        switch row {
        case .pgqueuer: pgqueuer != nil
        case .saga: dbos != nil
        case .throughput, .latency, .writer, .backlog, .hour: true
        }
      }
    }
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
  var rounds: Int
  var seconds: Int
  var events: Int
  var backlog: Int
  var aggregates: Int
  var rate: Int
  var writers: Int
  var minutes: Int
  var concurrency: Int?
  var page: Int?
  var nudge: Bool
  var sagas: Int

  mutating func shorten() {
    rounds = min(rounds, 3)
    seconds = min(seconds, 3)
    events = min(events, 20_000)
    backlog = min(backlog, 50_000)
    sagas = min(sagas, 2_000)
    minutes = 1
  }
}

extension [Double] {
  var median: Double { percentile(50) }

  /// Nearest rank; 0 of nothing.
  func percentile(_ percent: Double) -> Double {
    guard !isEmpty else { return 0 }
    let rank = Int((Double(count) * percent / 100).rounded(.up))
    return sorted()[Swift.min(count, Swift.max(1, rank)) - 1]
  }
}

extension Double {
  var whole: String { String(Int(rounded())) }

  func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
