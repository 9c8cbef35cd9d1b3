// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The documentation of the libraries that other packages build on.
@Suite struct CatalogueTests {
  /// Names of the libraries, as the manifest has them.
  static let libraries: [String] = {
    let manifest = text("Package.swift") ?? ""
    return manifest.matches(of: /embeddable\(\s*"(\w+)"/).map { String($0.output.1) }.sorted()
  }()

  private static func text(_ path: String) -> String? {
    try? String(contentsOf: SourceTree.root.appending(path: path), encoding: .utf8)
  }

  /// The catalogue's files by path.
  private static let files = SourceTree.paths(under: "Sources").filter { $0.contains(".docc/") }

  private static func catalogue(_ library: String, _ file: String) -> String? {
    files.first { $0.hasSuffix("/\(library)/\(library).docc/\(file).md") }.flatMap(text)
  }

  @Test func `every library has a catalogue and every catalogue a library`() {
    #expect(Self.libraries.count > 10)
    let catalogues = Set(
      Self.files.compactMap { file in
        file.split(separator: "/").first { $0.hasSuffix(".docc") }?.dropLast(".docc".count)
      }.map(String.init))
    #expect(catalogues.sorted() == Self.libraries)
  }

  @Test(arguments: libraries)
  func `a catalogue begins with its module and leads to its example`(library: String) throws {
    let page = try #require(Self.catalogue(library, library))
    #expect(page.hasPrefix("# ``\(library)``\n"))
    #expect(page.contains("- <doc:GettingStarted>"))
  }

  /// The example is built and run by `LibraryExamplesTests`.
  @Test(arguments: libraries)
  func `the worked example is the one that is tested`(library: String) throws {
    let article = try #require(Self.catalogue(library, "GettingStarted"))
    let examples = SourceTree.shared.swiftFiles.filter {
      $0.path.hasPrefix("Tests/EndToEnd/LibraryExamples/")
        && $0.path.hasSuffix("/\(library)Example.swift")
    }
    let example = try #require(examples.first)
    let shown = try #require(Self.shown(of: example.lines))
    #expect(Self.blocks(of: article) == [shown])
    #expect(shown.contains("import \(library)\n"))
  }

  @Test(arguments: libraries) func `the README lists it`(library: String) throws {
    #expect(try #require(Self.text("README.md")).contains("| `\(library)` |"))
  }

  /// What stands between `snippet.show` and `snippet.hide`, without the indentation that all of it
  /// has.
  static func shown(of lines: [Substring]) -> String? {
    let marks = ["// snippet.show", "// snippet.hide"].map { mark in
      lines.firstIndex { $0.drop { $0 == " " } == mark }
    }
    guard let begin = marks[0], let end = marks[1], begin < end else { return nil }
    let shown = lines[(begin + 1)..<end]
    let indentation = shown.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return shown.map { $0.dropFirst(indentation) + "\n" }.joined()
  }

  /// Blocks of Swift of a text in Markdown.
  static func blocks(of text: String) -> [String] {
    text.matches(of: /(?m)^```swift\n((?s).*?)^```$/).map { String($0.output.1) }
  }

  @Test func `marks and blocks are found as they are written`() {
    let lines: [Substring] = [
      "#if X", "  // snippet.show", "  a {", "", "    b", "  // snippet.hide",
    ]
    #expect(Self.shown(of: lines) == "a {\n\n  b\n")
    #expect(Self.shown(of: Array(lines.dropLast())) == nil)
    #expect(Self.blocks(of: "x\n```swift\na\n\n  b\n```\ny\n```sh\nc\n```\n") == ["a\n\n  b\n"])
  }
}
