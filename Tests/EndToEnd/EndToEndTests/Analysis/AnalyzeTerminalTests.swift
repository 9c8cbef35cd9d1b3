// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The analysis at a terminal, which util-linux' `script` makes for one command.
@Suite(.timeLimit(.minutes(10))) struct AnalyzeTerminalTests {
  /// What a person would see, escape sequences included.
  private static func terminal(columns: Int, _ arguments: [String]) async throws -> String {
    let words = ([Executable.strangler.url.path(percentEncoded: false)] + arguments)
      .map { "'\($0)'" }.joined(separator: " ")
    let outcome = try await RunningProgram(
      URL(filePath: "/usr/bin/env"),
      ["script", "-qec", "stty cols \(columns) rows 50; TERM=xterm \(words)", "/dev/null"]
    ).outcome()
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    return outcome.output
  }

  @Test func `work that takes long shows how far it is, unless it should be quiet`() async throws {
    // To parse so much takes seconds in a debug build, whatever the machine.
    let scratch = try Scratch()
    let members = (0..<40).map { "  func work\($0)() -> [Int] { [\($0)].map { $0 + 1 } }\n" }
    for number in 0..<500 {
      try scratch.write(
        "final class Part\(number) {\n\(members.joined())}\n",
        to: "code/Sources/Shop/Part\(number).swift")
    }
    let arguments = ["analyze", scratch.path + "/code", "--no-git", "--no-cache"]
    let shown = try await Self.terminal(columns: 100, arguments)
    #expect(shown.contains("\r\u{1B}[2K") && shown.contains("█"))
    // The line is gone when the answer comes.
    let answer = try #require(shown.range(of: "Read "))
    #expect(shown[..<answer.lowerBound].hasSuffix("\r\u{1B}[2K"))
    let quiet = try await Self.terminal(columns: 100, arguments + ["--quiet"])
    #expect(!quiet.contains("\u{1B}[2K") && !quiet.contains("█"))
  }

  @Test(arguments: [60, 80, 200])
  func `tables fit the terminal and use its width`(columns: Int) async throws {
    let text = try await Self.terminal(
      columns: columns, ["analyze", AnalyzeTests.monolith, "--no-git"])
    let lines = text.replacing(#/\u{1B}\[[0-9;]*[A-Za-z]/#, with: "")
      .split(whereSeparator: \.isNewline)
    // A word longer than the width, such as a path, keeps a line of its own.
    let tooLong = lines.filter { $0.count > columns && $0.split(separator: " ").count > 1 }
    #expect(tooLong == [])
    let longest = lines.map(\.count).max() ?? 0
    #expect(longest > columns - 15)
    let titles = try #require(lines.first { $0.contains("#  service") })
    #expect(titles.contains("cohesion") == (columns > 60))
  }
}
