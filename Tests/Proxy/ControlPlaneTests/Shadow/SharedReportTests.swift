// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import ControlPlane

@Suite(.timeLimit(.minutes(1))) struct SharedReportTests {
  private struct Broken: Error {}

  @Test func whoeverAsksMeanwhileGetsTheSame() async throws {
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let made = Mutex(0)
    let clock = Mutex<Int64>(0)
    let report = SharedReport(freshness: 10, unixMilliseconds: { clock.withLock(\.self) }) {
      let number = made.withLock { made in
        made += 1
        return made
      }
      for await _ in gate { break }
      return "report \(number)"
    }
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<20 { group.addTask { try await report.text } }
      // All have asked before it is done, or get it from what is kept.
      while made.withLock({ $0 == 0 }) { await Task.yield() }
      opener.yield()
      for try await text in group { #expect(text == "report 1") }
    }
    clock.withLock { $0 = 9 }
    #expect(try await report.text == "report 1")
    clock.withLock { $0 = 10 }
    opener.yield()
    #expect(try await report.text == "report 2")
  }

  @Test func oneThatFailedIsMadeAgain() async throws {
    let made = Mutex(0)
    let report = SharedReport(freshness: 10, unixMilliseconds: { 0 }) {
      let number = made.withLock { made in
        made += 1
        return made
      }
      if number == 1 { throw Broken() }
      return "report \(number)"
    }
    await #expect(throws: Broken.self) { try await report.text }
    #expect(try await report.text == "report 2")
  }
}
