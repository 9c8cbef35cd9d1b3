// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import StranglerDemo

/// README shows what the analysis says today: names and numbers.
@Suite struct ReadmeAnalysisTests {
  /// With `STRANGLER_RECORD_GOLDEN=1` the line is written anew, and the test fails.
  @Test func `the line about the analysis is what the demonstration would print`() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../..").standardized
    let monolith = root.appending(path: "fixtures/shop-monolith").path(percentEncoded: false)
    let result = try #require(try await DemoRun.result(ofAnalysing: monolith))
    let file = root.appending(path: "README.md")
    var lines = try String(contentsOf: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let place = try #require(lines.firstIndex { $0.contains(DemoRun.demand) })
    let start = try #require(lines[place].firstIndex(of: "`"))
    if ProcessInfo.processInfo.environment["STRANGLER_RECORD_GOLDEN"] == "1" {
      lines[place].replaceSubrange(start..., with: result)
      try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
      Issue.record("recorded README.md; run again without recording")
      return
    }
    #expect(String(lines[place][start...]) == result)
  }
}
