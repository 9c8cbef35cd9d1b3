// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct AttemptWatchTests {
  private struct Refused: Error {}

  /// What was asked of the store, in order.
  private final class Record: Sendable {
    private let state = Mutex<[String]>([])
    var steps: [String] { state.withLock { $0 } }
    func note(_ step: String) { state.withLock { $0.append(step) } }
  }

  private let watch = AttemptWatch(owner: "me")
  private let record = Record()

  /// - Parameters:
  ///   - known: how many attempts have begun, of another process where `isForeign`.
  private func marks(_ name: String = "", known: Int, isForeign: Bool) -> AttemptWatch.Marks {
    AttemptWatch.Marks(
      begin: { [record] alone in
        guard alone || !isForeign else { return nil }
        record.note("\(name)begin")
        return known + 1
      },
      settle: { [record] in record.note("\(name)settle") },
      abandon: { [record] in record.note("\(name)abandon") })
  }

  @Test func aFirstAttemptIsMarkedAndMade() async throws {
    let outcome = try await watch.run(marks(known: 0, isForeign: false)) { deaths in
      record.note("deaths \(deaths)")
      return .duplicate
    }
    #expect(outcome == .duplicate)
    #expect(record.steps == ["begin", "deaths 0"])
  }

  @Test func whatThrowsIsNoAttempt() async throws {
    await #expect(throws: Refused.self) {
      try await watch.run(marks(known: 2, isForeign: true)) { deaths in
        record.note("deaths \(deaths)")
        throw Refused()
      }
    }
    #expect(record.steps == ["settle", "begin", "deaths 2", "abandon"])
  }

  /// Else the reason for a death would end the others' attempts with its own.
  @Test func whatAnotherProcessWasAtIsTriedOneAtATime() async throws {
    let (isAtIt, mayEnd) = (WakeSignal(), WakeSignal())
    async let first = watch.run(marks("first ", known: 1, isForeign: true)) { _ in
      isAtIt.raise()
      await mayEnd.wait(after: 0)
      record.note("first end")
      return .duplicate
    }
    await isAtIt.wait(after: 0)
    async let second = watch.run(marks("second ", known: 1, isForeign: true)) { _ in .duplicate }
    while record.steps.last != "second settle" { await Task.yield() }
    // Anything else goes on meanwhile.
    _ = try await watch.run(marks("other ", known: 0, isForeign: false)) { _ in .duplicate }
    mayEnd.raise()
    _ = try await (first, second)
    #expect(
      record.steps == [
        "first settle", "first begin", "second settle", "other begin", "first end",
        "second begin",
      ])
  }

  @Test func whoWaitsForATurnCanBeCancelled() async throws {
    let (isAtIt, mayEnd) = (WakeSignal(), WakeSignal())
    async let first = watch.run(marks("first ", known: 1, isForeign: true)) { _ in
      isAtIt.raise()
      await mayEnd.wait(after: 0)
      return .duplicate
    }
    await isAtIt.wait(after: 0)
    let second = Task {
      try await watch.run(marks("second ", known: 1, isForeign: true)) { _ in .duplicate }
    }
    while record.steps.last != "second settle" { await Task.yield() }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    mayEnd.raise()
    _ = try await first
    #expect(!record.steps.contains("second begin"))
  }

  @Test func manyDeathsAreNeeded() {
    let policy = InboxPolicy(attempts: 1, crashes: 4)
    #expect((0...3).allSatisfy { policy.verdict(deaths: $0) == nil })
    #expect(policy.verdict(deaths: 4)?.hasPrefix("the process ended 4 times") == true)
  }
}
