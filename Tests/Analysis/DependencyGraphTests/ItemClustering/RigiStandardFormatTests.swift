// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct RigiStandardFormatTests {
  @Test func readsLinksWeightsAndNames() throws {
    let graph = try RigiStandardFormat.graph(
      """
      # a comment
      depends a "b c" 2

      depends a "b c" 0.5
      depends b a
      depends a a 3
      """)
    #expect(graph.names == ["a", "b", "b c"])
    #expect(graph.links.map(\.weight) == [2.5, 1])
    #expect(graph.loops == [3, 0, 0])
    #expect(graph.divided.count == 3)
  }

  @Test func readsAccesses() throws {
    let graph = try RigiStandardFormat.graph("accesses f Order\naccesses g Order\n")
    #expect(graph.divided.map { graph.names[$0] } == ["Order"])
  }

  @Test func anItemMayBeCalledWhatItsTableIsCalled() throws {
    let accesses = try RigiStandardFormat.accesses("depends a b\naccesses orders orders\n")
    #expect(accesses.map(\.user) == ["orders"] && accesses.map(\.used) == ["orders"])
    #expect(throws: LineError.self) { try RigiStandardFormat.accesses("depends a b") }
    #expect(throws: LineError.self) { try RigiStandardFormat.accesses("accesses a") }
  }

  @Test func takesTheWeightFromTheNamedColumn() throws {
    let graph = try RigiStandardFormat.graph("depends a b 2 7", weights: 5)
    #expect(graph.links.map(\.weight) == [7])
  }

  @Test(arguments: [
    ("depends a", 1, "expected `depends FROM TO"), ("contain a b", 1, "expected `depends FROM TO"),
    ("depends a b x", 1, "expected a weight above 0 in column 4, found `x`"),
    ("depends a b 1\ndepends a b -1", 2, "expected a weight above 0"),
    ("depends a b nan", 1, "expected a weight above 0 in column 4, found `nan`"),
    ("depends a b inf", 1, "expected a weight above 0 in column 4, found `inf`"),
    ("depends a b 9e149\ndepends b c 9e149", 2, "expected weights that add up to at most 1e+150"),
    ("depends a \"b", 1, "expected a closing quotation mark"), ("", 1, "expected at least one"),
  ])
  func namesTheLineThatCannotBeRead(text: String, line: Int, message: String) {
    do throws(LineError) {
      _ = try RigiStandardFormat.graph(text)
      Issue.record("read \(text)")
    } catch {
      #expect(error.line == line)
      #expect(error.message.hasPrefix(message), "\(error)")
    }
  }

  @Test(arguments: [
    "plain", "two words", "", "#comment", "\"quoted\"", "say \"hi\"", "back\\slash", "end\\",
    "a \\\" b", "C:\\dir name", "line\nbreak", "tab\tbed", "\u{1B}[31m", "\u{202E}turned",
    "\\u{41} x", "e\u{301} \u{301}", "\u{301}", "\u{301}\"", "no\u{A0}break", "\u{2028}",
  ])
  func namesSurviveWritingAndReading(name: String) throws {
    let text = RigiStandardFormat.text([(item: name, cluster: name)])
    #expect(try RigiStandardFormat.clustering(text) == [name: name])
    #expect(
      text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    let link = "depends \(RigiStandardFormat.word(name)) other 2\n"
    #expect(Set(try RigiStandardFormat.graph(link).names) == [name, "other"])
  }

  @Test func aBackslashThatBeginsNoEscapeIsOne() throws {
    #expect(
      try RigiStandardFormat.clustering("contain \"C:\\new dir\" x")
        == ["x": "C:\\new dir"])
  }

  @Test func clusteringsSurviveWritingAndReading() throws {
    let text = RigiStandardFormat.text([("an item", "one"), ("b", "#2")])
    #expect(text == "contain one \"an item\"\ncontain \"#2\" b\n")
    #expect(try RigiStandardFormat.clustering(text) == ["an item": "one", "b": "#2"])
    #expect(try RigiStandardFormat.clustering("contain a x\ncontain b x") == ["x": "b"])
    #expect(throws: LineError.self) { try RigiStandardFormat.clustering("contain x") }
  }
}
