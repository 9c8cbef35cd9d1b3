// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import ShadowComparison
import ShadowEvidenceStore
import Testing

/// Kills a real process that writes evidence, again and again, with SIGKILL.
@Suite(.timeLimit(.minutes(2)))
struct KilledWriterTests {
  private static let kills = 12

  @Test func everyBatchIsThereWholeOrNotAtAll() async throws {
    let folder = try TemporaryFolder()
    let file = folder.path("shadow.sqlite")
    for kill in 1...Self.kills {
      let child = try Child(file: file)
      let announced = try child.batches(atLeast: kill * 2)
      Foundation.kill(child.process.processIdentifier, SIGKILL)
      child.process.waitUntilExit()
      #expect(child.process.terminationReason == .uncaughtSignal)
      let store = try ShadowEvidenceStore(path: file, creates: false)
      let run = try #require(try await store.runs().first)
      #expect(run.comparisons >= 5 * announced, "a batch that was announced is lost")
      #expect(run.comparisons % 5 == 0, "a batch is there in part")
      let report = try await store.report(runs: [run.number])
      let endpoint = try #require(report.endpoints.first)
      #expect(endpoint.requests == run.comparisons)
      #expect(endpoint.paths.map(\.count) == [run.comparisons])
      #expect(endpoint.paths.map(\.evidence.extractedOdd) == [run.comparisons])
      let pairs = try await Self.pairs(file, run: run.number)
      #expect(pairs == run.comparisons, "pairs and counts are of different batches")
    }
    let store = try ShadowEvidenceStore(path: file, creates: false)
    #expect(try await store.runs().count == Self.kills)
    #expect(try await store.report().endpoints.first?.paths.first?.label == .real)
  }

  private static func pairs(_ file: String, run: Int64) async throws -> Int? {
    try await DatabaseQueue(path: file).read { db in
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM pair WHERE run_id = ?", arguments: [run])
    }
  }

  private struct Child {
    let process = Process()
    private let output = Pipe()

    init(file: String) throws {
      let products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      process.executableURL = products.appending(path: "shadow-crash-child")
      process.arguments = [file]
      process.standardOutput = output
      try process.run()
    }

    /// Waits until so many batches were announced; returns how many were.
    func batches(atLeast count: Int) throws -> Int {
      var text = ""
      var last = 0
      while last < count {
        let data = output.fileHandleForReading.availableData
        guard !data.isEmpty else {
          Issue.record("the child ended by itself")
          return last
        }
        text += String(decoding: data, as: UTF8.self)
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        last = whole.last.flatMap { Int($0) } ?? last
      }
      return last
    }
  }
}

/// A folder that is removed with the value that owns it.
final class TemporaryFolder: Sendable {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "shadow-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}
