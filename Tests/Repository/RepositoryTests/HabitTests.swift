// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct HabitTests {
  /// A call that must not appear, and where.
  struct Ban: Sendable {
    let text: String
    let applies: @Sendable (SourceTree.File) -> Bool
  }

  static let pure: Set<String> = [
    "DependencyGraph", "AnalysisReports", "HTTPExchange", "ResiliencePolicies",
    "RoutingDecisions", "ShadowComparison", "TransactionalMessaging", "CutoverControl",
    "JSONDocuments", "MessageContracts", "TortureModel", "DataMapping", "SpellingSuggestions",
    "ServiceCalls", "RouteExports", "SagaModel", "GatewayComposition", "GraphQLRequests",
    "Playbooks", "HTTPContracts", "ServiceLeases", "DNSRecords",
  ]

  static let bans: [Ban] = [
    Ban(text: "print(") { $0.path.hasPrefix("Sources/") && !$0.path.contains("/CommandLine/") },
    Ban(text: "Task.detached") { $0.path.hasPrefix("Sources/") },
    Ban(text: "try!") { !$0.path.hasPrefix("Tests/") },
    Ban(text: "as!") { $0.path.hasPrefix("Sources/") },
    Ban(text: "fatalError(") { $0.path.hasPrefix("Sources/") },
    Ban(text: "Date()") { pure.contains($0.target ?? "") },
    Ban(text: "Clock.now") { pure.contains($0.target ?? "") },
    Ban(text: "Clock().now") { pure.contains($0.target ?? "") },
    Ban(text: "SystemRandomNumberGenerator") { pure.contains($0.target ?? "") },
    Ban(text: ".random(in: ") { file in
      // Allowed with a generator passed in.
      pure.contains(file.target ?? "")
        && file.lines.contains { $0.contains(".random(in: ") && !$0.contains("using:") }
    },
    Ban(text: "Thread.sleep") { _ in true },
    Ban(text: "usleep(") { _ in true },
    Ban(text: "Task.sleep") { $0.path.hasPrefix("Tests/") },
  ]

  @Test(arguments: bans.indices) func `banned calls do not appear`(index: Int) {
    let ban = Self.bans[index]
    let offenders = SourceTree.shared.swiftFiles.filter { file in
      !file.path.hasPrefix("Tests/Repository/") && ban.applies(file)
        && file.lines.contains { line in
          !line.drop(while: { $0 == " " }).hasPrefix("//") && calls(ban.text, in: line)
        }
    }
    #expect(offenders.map(\.path) == [], "\(ban.text) is banned here")
  }

  @Test func `unchecked sendability carries its reason`() {
    let marks = ["@unchecked Sendable", "nonisolated(unsafe)"]
    let bare = SourceTree.shared.swiftFiles.filter { !$0.path.hasPrefix("Tests/Repository/") }
      .flatMap { file in
        file.lines.enumerated()
          .filter { line in
            let text = line.element.drop(while: { $0 == " " })
            return !text.hasPrefix("//") && marks.contains { text.contains($0) }
              && !text.contains("// ")
          }
          .map { "\(file.path):\($0.offset + 1)" }
      }
    #expect(bare == [])
  }

  @Test func `no unfinished marks and no switched-off tests`() {
    let marks = ["TODO", "FIXME", "XXX", "not implemented", "unimplemented"]
    // In two pieces each, so that this list is not taken for what it forbids.
    let switches = [
      ".disabled" + "(", "XCT" + "Skip", "#expect" + "(true)", "#expect" + "(Bool(true))",
    ]
    let offenders = SourceTree.shared.swiftFiles
      .filter { !$0.path.hasPrefix("Tests/Repository/") }
      .filter { file in
        (file.path.hasPrefix("Sources/") && marks.contains { file.text.contains($0) })
          || switches.contains { file.text.contains($0) }
      }
    #expect(offenders.map(\.path) == [])
  }

  /// `print(` must not match `footprint(`: the character before has to end a word.
  private func calls(_ text: String, in line: Substring) -> Bool {
    var rest = line
    while let range = rest.firstRange(of: text) {
      let before = rest[..<range.lowerBound].last
      if before.map({ !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }) ?? true {
        return true
      }
      if text.hasPrefix(".") || text.contains("Clock") { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
