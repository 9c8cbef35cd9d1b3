// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The chaos rig with real servers and real kills: the product's rule holds, the others do not.
@Suite("Outbox torture", .serialized, .timeLimit(.minutes(3)))
struct OutboxTortureTests {
  /// What the tests read of a report.
  private struct Report: Decodable {
    struct Count: Decodable {
      let fault: String
      let place: String
      let count: Int
    }

    let kills: Int
    let events: Int
    let effects: Int
    let letters: Int
    let isPartial: Bool
    let strikes: [String: Int]
    let faults: [Count]
    let notes: [String]

    func count(_ fault: String, _ place: String) -> Int {
      faults.reduce(0) { $0 + ($1.fault == fault && $1.place == place ? $1.count : 0) }
    }
  }

  private func torture(_ arguments: String..., expecting code: Int32) async throws -> Report {
    let outcome = try await Executable.strangler.run(
      ["outbox", "torture", "--format", "json"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
  }

  @Test func `nothing is lost in SQLite, with a broker in the process`() async throws {
    let report = try await torture("--kills", "40", "--duration", "10s", expecting: 0)
    #expect(report.kills == 40 && !report.isPartial)
    #expect(report.events > 100 && report.effects == report.events)
    #expect(report.letters > 0)
    // On a busy machine now and then one of them dies elsewhere.
    let deaths = ["letterUncommitted", "replaying", "replayed"]
    #expect(report.strikes["poison"] ?? 0 > 0)
    #expect(deaths.contains { report.strikes[$0] ?? 0 > 0 })
  }

  @Test func `nothing is lost in SQLite, with a service that takes events over HTTP`() async throws
  {
    let report = try await torture(
      "--broker", "http", "--kills", "25", "--duration", "6s", expecting: 0)
    #expect(report.kills == 25)
    #expect(report.events > 50 && report.effects == report.events)
  }

  @Test func `a schedule is printed and nothing done`() async throws {
    let arguments = ["outbox", "torture", "--dry-run", "--seed", "7", "--kills", "20"]
    let first = try await Executable.strangler.run(arguments)
    let second = try await Executable.strangler.run(arguments)
    #expect(first.exitCode == 0 && first.output == second.output)
    #expect(first.output.contains("acknowledgedUnsaved\n"))
  }

  @Test func `a rule that has nothing to fail at is refused`() async throws {
    let outcome = try await Executable.strangler.run(["outbox", "torture", "--rule", "naive"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("use --store postgresql"))
  }

  #if PostgreSQL
    @Test func `the naive cursor loses events`() async throws {
      let report = try await torture(
        "--store", "postgresql", "--rule", "naive", "--kills", "0", "--duration", "8s",
        expecting: 1)
      #expect(report.count("lost", "relay") > 0)
      #expect(report.count("doubled", "consumer") == 0)
    }

    @Test func `the fence mixes up the order`() async throws {
      let report = try await torture(
        "--store", "postgresql", "--rule", "fence", "--kills", "0", "--duration", "5s",
        expecting: 1)
      #expect(report.count("reordered", "relay") > 0)
      #expect(report.count("lost", "relay") == 0)
    }

    #if NATS
      @Test func `nothing is lost in PostgreSQL, with JetStream`() async throws {
        let report = try await torture(
          "--store", "postgresql", "--broker", "nats", "--kills", "40", "--duration", "10s",
          expecting: 0)
        #expect(report.kills == 40)
        #expect(report.events > 100 && report.effects == report.events)
        #expect(report.strikes["kill database"] ?? 0 > 0)
        #expect(report.strikes["kill broker"] ?? 0 > 0)
        #expect(report.strikes["cut relay from broker"] ?? 0 > 0)
        #expect(report.letters > 0)
      }
    #endif

    #if RabbitMQ
      @Test func `nothing is lost in PostgreSQL, with RabbitMQ`() async throws {
        let report = try await torture(
          "--store", "postgresql", "--broker", "rabbitmq", "--kills", "40", "--duration", "20s",
          expecting: 0)
        #expect(report.kills == 40)
        #expect(report.events > 100 && report.effects == report.events)
        #expect(report.strikes["kill broker"] ?? 0 > 0)
        #expect(report.strikes["cut consumer from broker"] ?? 0 > 0)
      }
    #endif
  #endif
}
