// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverJournalStore
import CutoverScenario
import Foundation
import Logging
import ProxyDataPlane
import RoutingDecisions
import Testing

/// Kills a real process that carries plans out, again and again, with SIGKILL.
@Suite(.timeLimit(.minutes(5)))
struct KilledRunnerTests {
  private static let kills = 210
  /// A fresh journal after so many: a long one would make each start longer.
  private static let killsPerFile = 15

  @Test func theRoutesStandWhereTheJournalSaysAfterEveryKill() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = Draws(state: seed)
    var folder = try TemporaryFolder()
    for kill in 0..<Self.kills {
      if kill % Self.killsPerFile == 0 { folder = try TemporaryFolder() }
      let file = folder.path("journal.sqlite")
      let child = try Child(file: file, seed: random.next())
      let line = try await child.killed(afterLine: 1 + Int(random.next() % 40))
      #expect(child.process.terminationReason == .uncaughtSignal)
      try await check(file, announced: line, "kill \(kill) of seed \(seed)")
    }
  }

  /// `line`: the last that was heard, such as `17 cart=0 orders=1000`; more may have happened.
  private func check(_ file: String, announced line: String, _ place: String) async throws {
    let journal = try SQLiteCutoverJournal(writing: file, installation: "shop")
    // The next process writes it.
    defer { journal.unlock() }
    let verdict = try await journal.verdict()
    #expect(verdict.fault == nil, "\(place)")
    let words = line.split(separator: " ")
    let sequence = try #require(words.first.flatMap { UInt64($0) })
    #expect(verdict.sound >= sequence, "an entry whose effect was seen is lost: \(place)")
    // What was seen is what the journal said at that moment.
    let configuration = CutoverScenario.configuration()
    let routing = LiveRouting(try RoutingTable(configuration))
    var (then, now) = (JournalReplay(), JournalReplay())
    try await journal.forEachSound { entry in
      if entry.sequence <= sequence { try then.apply(entry) }
      try now.apply(entry)
    }
    #expect(
      text(then.shares(file: routing.filePercentages)) == Array(words.dropFirst()), "\(place)")
    #expect(now.contradictions == [], "\(place)")
    // And a new process goes on where the journal ends.
    let runner = CutoverRunner(
      journal: journal, routing: routing, traffic: ScenarioTraffic(routing),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { 1_795_435_200_000 })
    try await runner.restore(leads: true)
    // It may have written down what the killed one did not come to.
    var end = JournalReplay()
    try await journal.forEachSound { try end.apply($0) }
    #expect(end.contradictions == [], "\(place)")
    #expect(routing.percentages == end.shares(file: routing.filePercentages), "\(place)")
    try expect(await runner.overview(), at: end, place)
  }

  /// What a process says of itself is what the journal says.
  private func expect(_ overview: CutoverOverview, at end: JournalReplay, _ place: String) throws {
    #expect(overview.isLeading && overview.journal.overdue == 0, "\(place)")
    #expect(overview.journal.sequence == end.sequence, "\(place)")
    #expect(overview.isFrozen == (end.installation?.isFrozen ?? false), "\(place)")
    #expect(overview.isKilled == (end.installation?.isKilled ?? false), "\(place)")
    for status in overview.cutovers {
      guard let live = end.cutovers[status.name] else {
        let phase: CutoverStatus.Phase = end.ends[status.name] == nil ? .ready : .ended
        #expect(status.phase == phase, "\(place)")
        continue
      }
      let state = try JournaledCutover(json: live.state).state
      let phase: CutoverStatus.Phase =
        switch state.phase {
        case .ready: .ready
        case .underWay: .underWay
        case .rolledBack: .rolledBack
        case .completed: .completed
        }
      #expect(status.phase == phase && status.stage == state.stage + 1, "\(place)")
      if phase == .underWay {
        #expect(overview.isFrozen ? status.hold == "frozen" : !state.isFrozen, "\(place)")
      }
    }
  }

  private func text(_ shares: [String: Percentage]) -> [Substring] {
    shares.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.hundredths)" }
  }

  /// Waiting for it happens on a thread of its own: tests have few to share.
  private final class Child: @unchecked Sendable {  // used by one thread after the other
    let process = Process()
    private let output = Pipe()

    init(file: String, seed: UInt64) throws {
      let products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      process.executableURL = products.appending(path: "cutover-crash-child")
      process.arguments = [file, "\(seed)"]
      process.standardOutput = output
      try process.run()
    }

    /// Waits for so many lines, then kills it; returns the last whole line that came.
    func killed(afterLine number: Int) async throws -> String {
      try await withCheckedThrowingContinuation { done in
        Thread {
          done.resume(
            with: Result {
              let line = try self.line(number: number)
              kill(self.process.processIdentifier, SIGKILL)
              self.process.waitUntilExit()
              return line
            })
        }.start()
      }
    }

    /// Waits for so many lines; returns the last whole one that came.
    private func line(number: Int) throws -> String {
      var text = ""
      while true {
        let data = output.fileHandleForReading.availableData
        guard !data.isEmpty else {
          Issue.record("the child ended by itself")
          return ""
        }
        text += String(decoding: data, as: UTF8.self)
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        if whole.count >= number, let last = whole.last { return String(last) }
      }
    }
  }

  private struct Draws: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33 ^ state << 20
    }
  }
}

/// A folder that is removed with the value that owns it.
final class TemporaryFolder: Sendable {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}
