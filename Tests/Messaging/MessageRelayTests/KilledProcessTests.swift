// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MessagingTestSupport
import Testing
import TransactionalMessaging

/// Kills a real process that appends, relays and consumes, again and again, with SIGKILL.
@Suite(.timeLimit(.minutes(2)))
struct KilledProcessTests {
  private static let kills = 50

  @Test func killingTheProcessLosesNothing() throws {
    let seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    for _ in 0..<Self.kills {
      let process = try start(folder, "work", "\(random.next())")
      // The pipe holds few lines, so the child runs about as far as it is read: the moment of the
      // kill is a line, not a time.
      try read(Int.random(in: 1...90, using: &random), linesOf: process)
      kill(process.process.processIdentifier, SIGKILL)
      process.process.waitUntilExit()
      #expect(process.process.terminationReason == .uncaughtSignal)
    }
    let drain = try start(folder, "drain")
    drain.process.waitUntilExit()
    #expect(drain.process.terminationStatus == 0)
    try check(folder, seed: seed)
  }

  private func check(_ folder: TemporaryFolder, seed: UInt64) throws {
    let producer = try DatabaseQueue(path: folder.path("producer.sqlite"))
    let consumer = try DatabaseQueue(path: folder.path("consumer.sqlite"))
    let committed = try rows(producer, "SELECT aggregate, id FROM business ORDER BY rowid")
    let events = try rows(
      producer, "SELECT aggregateid AS aggregate, id FROM outbox ORDER BY seq")
    let effects = try rows(consumer, "SELECT aggregate, id FROM effect ORDER BY rowid")
    #expect(events == committed, "seed \(seed): business rows and events differ")
    #expect(effects == committed, "seed \(seed): effects are lost, doubled or out of order")
    #expect(committed.values.joined().count > Self.kills, "seed \(seed): too little happened")
  }

  private func rows(_ database: DatabaseQueue, _ sql: String) throws -> [String: [String]] {
    try database.read { db in
      var rows: [String: [String]] = [:]
      for row in try Row.fetchAll(db, sql: sql) {
        rows[row["aggregate"], default: []].append(row["id"])
      }
      return rows
    }
  }

  // MARK: - The child

  private struct Child {
    var process: Process
    var output: Pipe
  }

  private func start(_ folder: TemporaryFolder, _ arguments: String...) throws -> Child {
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let child = Child(process: Process(), output: Pipe())
    child.process.executableURL = products.appendingPathComponent("messaging-crash-child")
    child.process.arguments = [folder.path("")] + arguments
    child.process.standardOutput = child.output
    try child.process.run()
    return child
  }

  private func read(_ lines: Int, linesOf child: Child) throws {
    var left = lines
    while left > 0 {
      let data = child.output.fileHandleForReading.availableData
      guard !data.isEmpty else {
        Issue.record("the child ended by itself")
        return
      }
      left -= data.count { $0 == UInt8(ascii: "\n") }
    }
  }
}
