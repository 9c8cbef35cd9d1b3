// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The demonstration as a newcomer runs it, and the README's word on what it prints.
@Suite(.timeLimit(.minutes(5)))
struct DemoTests {
  @Test func `every demand holds and the README shows what is printed`() async throws {
    let scratch = try Scratch()
    let outcome = try await Executable.strangler.run(["demo"], temporaryFolder: scratch.path)
    #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
    let summary = try #require(outcome.output.range(of: "Summary\n")).upperBound
    let printed = Self.shape(of: outcome.output[summary...])
    let readme = try String(
      contentsOf: Repository.root.appending(path: "README.md"), encoding: .utf8)
    let start = try #require(readme.range(of: "<!-- demo:begin -->\n```text\n")).upperBound
    let end = try #require(readme.range(of: "```\n<!-- demo:end -->")).lowerBound
    #expect(printed == Self.shape(of: readme[start..<end]))
    #expect(printed.count > 8)
    let leftovers = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(leftovers == [])
  }

  @Test func `wrong options end with 2 before anything starts`() async throws {
    for arguments in [["--users", "1"], ["--rate", "0"], ["--sources", "/nowhere"]] {
      let outcome = try await Executable.strangler.run(["demo"] + arguments)
      #expect(outcome.exitCode == 2)
      #expect(outcome.output == "")
    }
  }

  /// The lines without what differs from run to run: every number becomes `N`, gaps one blank.
  private static func shape(of text: Substring) -> [String] {
    text.split(separator: "\n").map { line in
      line.replacing(/[0-9]+(\.[0-9]+)?/, with: "N")
        .split(separator: " ").joined(separator: " ")
    }.filter { !$0.isEmpty }
  }
}
