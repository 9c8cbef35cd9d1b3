// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

/// What a file tells the analysis.
@Suite struct AnalysisSettingTests {
  private static let analysis = """
    analysis:
      ignore: [ Sources/Old/**, "*Mock.swift" ]
      teams:
        checkout: [ Ada Lovelace, Grace Hopper ]
        stock: [ Alan Turing ]

    """

  private func read(
    _ text: String
  ) throws -> (settings: AnalysisSettings, diagnostics: [Diagnostic]) {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("analysis-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try text.write(to: file, atomically: true, encoding: .utf8)
    return ConfigurationFile.analysis(file.path)
  }

  @Test func `what to ignore and who is in which team, without any route`() throws {
    let (settings, diagnostics) = try read(Self.analysis)
    #expect(diagnostics.isEmpty)
    #expect(settings.ignore == ["Sources/Old/**", "*Mock.swift"])
    #expect(
      settings.teams == [
        .init(name: "checkout", members: ["Ada Lovelace", "Grace Hopper"]),
        .init(name: "stock", members: ["Alan Turing"]),
      ])
  }

  @Test func `a proxy's file may hold it, and without it nothing is set`() throws {
    let proxy = """
      proxy: { listen: 127.0.0.1:0 }
      upstreams: { legacy: { endpoints: [127.0.0.1:9001] } }
      routes: [ { name: all, match: { path: /** }, legacy: legacy } ]

      """
    #expect(ConfigurationFile.decode(proxy + Self.analysis, file: "s.yaml").diagnostics.isEmpty)
    #expect(try read(proxy).settings == AnalysisSettings())
    #expect(try read(proxy + Self.analysis).settings.teams.count == 2)
  }

  @Test(arguments: [
    ("analysis: [a]", "expected { ignore, teams }, found a list"),
    ("analysis: { ignored: [a] }", "unknown key; did you mean \"ignore\"?"),
    ("analysis: { ignore: a }", "expected a list of paths such as [Sources/Old/**]"),
    ("analysis: { ignore: [\"\"] }", "expected a text that is not empty"),
    ("analysis: { teams: [a] }", "expected teams by name, found a list"),
    ("analysis: { teams: { a: b } }", "expected a list of authors such as [Ada Lovelace]"),
    ("analysis: { teams: { a: [x], b: [x] } }", "x is in the team a already"),
    ("- a", "expected a mapping with the key analysis"), ("a: [", " "),
  ])
  func `what is wrong is named with its place`(text: String, message: String) throws {
    let diagnostics = try read(text).diagnostics
    let first = try #require(diagnostics.first)
    #expect(first.severity == .error && first.message.contains(message), "\(first)")
    #expect(first.location != nil)
    let everywhere = ConfigurationFile.decode(text, file: "s.yaml").diagnostics
    #expect(everywhere.contains { $0.message == first.message } || !text.hasPrefix("analysis"))
  }
}
