// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Everything that a checkout can hold and should not, at once: a finding each, exit code 0, and
/// the rest of the answer.
@Suite(.timeLimit(.minutes(5))) struct AnalyzeOddSourcesTests {
  @Test(arguments: ["text", "json", "html", "sarif", "dot", "mermaid", "routes"])
  func `odd sources are findings and never the end`(format: String) async throws {
    let scratch = try Scratch()
    let chain = String(repeating: ".next()", count: 3_000)
    let sources: [(path: String, text: String)] = [
      ("Sources/Shop/Fine.swift", "struct Fine { let other: Other }\nstruct Other {}\n"),
      ("Sources/Shop/User.swift", "struct User {}\n"),
      ("Sources/Mail/User.swift", "struct User {}\n"),
      ("Sources/Shop/Broken.swift", "struct Broken { func ( ] }\n}}}} class class {\n"),
      ("Sources/Shop/Garbage.swift", String(repeating: "\u{0}@#$%^&*()_+{}|:<>?\n", count: 40)),
      ("Sources/Shop/Deep.swift", "let deep = " + String(repeating: "[ ", count: 400) + "\n"),
      (
        "Sources/Shop/Chain.swift",
        "struct Link { func next() -> Link { self } }\nfunc go(_ link: Link) { _ = link\(chain) }\n"
      ),
      (
        "Sources/Shop/Long.swift",
        String(repeating: "// line\n", count: 100_000) + "enum Last {}\n"
      ),
      ("Package.swift", "let package = Package(name: ["),
    ]
    for source in sources { try scratch.write(source.text, to: "code/" + source.path) }
    try scratch.write(
      Data("struct Odd {} // ".utf8) + Data([0xFF, 0xC3, 0x0A]), to: "code/Sources/Shop/Odd.swift")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/code/Sources/loop", withDestinationPath: "../Sources")
    let outcome = try await Executable.strangler.run([
      "analyze", scratch.path + "/code", "--format", format, "--no-cache",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.errors == "" && !outcome.output.isEmpty)
    guard ["text", "json", "sarif"].contains(format) else { return }
    for id in [
      "parse-failure", "invalid-utf8", "nesting-too-deep", "same-name", "symbolic-link",
      "no-history", "manifest-not-read",
    ] {
      #expect(outcome.output.contains(id), "no finding \(id)")
    }
  }
}
