// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// A file that decides what types of other files are, though none of them names what it says.
@Suite struct DecidedElsewhereTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let what: String
    let files: [String: String]
    /// Which file is changed, and into what.
    let path: String
    let text: String

    var testDescription: String { what }
  }

  private static let record =
    "import GRDB\nstruct Thing: Codable, PersistableRecord { var id: Int }"
  private static let user =
    "import GRDB\nstruct Store { func load(db: Database) throws { _ = try Thing.fetchAll(db) } }"
  private static func named(_ name: String) -> String {
    "import GRDB\nextension Thing { static let databaseTableName = \(name) }"
  }
  private static func inherited(_ name: String) -> String {
    "protocol Named {}\nextension Named { static var databaseTableName: String { \"\(name)\" } }"
  }
  private static let worker = "struct Worker: MyJob { func run() async throws {} }"

  static let cases = [
    Case(
      what: "a table's name in an extension",
      files: ["A": record, "E": named("\"things\""), "U": user], path: "E",
      text: named("\"widgets\"")),
    Case(
      what: "a table's name that is added to an extension",
      files: ["A": record, "E": "extension Thing {}", "U": user], path: "E",
      text: named("\"widgets\"")),
    Case(
      what: "a table's name that leaves an extension",
      files: ["A": record, "E": named("\"widgets\""), "U": user], path: "E",
      text: "extension Thing {}"),
    Case(
      what: "a constant that a table's name in an extension is",
      files: [
        "A": record, "E": named("Names.thing"), "U": user,
        "N": "enum Names { static let thing = \"things\" }",
      ], path: "N", text: "enum Names { static let thing = \"widgets\" }"),
    Case(
      what: "a table's name in an extension of a protocol",
      files: [
        "A": "import GRDB\nstruct Thing: Codable, PersistableRecord, Named { var id: Int }",
        "P": inherited("a"), "U": user,
      ], path: "P", text: inherited("b")),
    Case(
      what: "a schema in an extension",
      files: [
        "A": "import Fluent\nfinal class Thing: Model { var id: Int? }",
        "E": "import Fluent\nextension Thing { static let schema = \"things\" }",
      ], path: "E", text: "import Fluent\nextension Thing { static let schema = \"widgets\" }"),
    Case(
      what: "a table's name that a subclass inherits",
      files: [
        "A": "import GRDB\nclass Thing: Record { class var databaseTableName: String { \"a\" } }",
        "B": "import GRDB\nclass Small: Thing {}",
      ], path: "A",
      text: "import GRDB\nclass Thing: Record { class var databaseTableName: String { \"b\" } }"),
    Case(
      what: "an import that makes inheritors jobs",
      files: ["P": "import Foundation\nprotocol MyJob: Service {}", "W": worker], path: "P",
      text: "import ServiceLifecycle\nprotocol MyJob: Service {}"),
    Case(
      what: "an import without which they are none",
      files: ["P": "import ServiceLifecycle\nprotocol MyJob: Service {}", "W": worker], path: "P",
      text: "protocol MyJob: Service {}"),
  ]

  @Test(arguments: cases) func `a warm run says what a run alone says`(_ example: Case) throws {
    let (folder, cache) = (try ScratchFolder(), try ScratchFolder())
    for (name, text) in example.files {
      try folder.write(text + "\n", to: "Sources/App/\(name).swift")
    }
    for number in 1...4 {
      try folder.write("struct Other\(number) {}\n", to: "Sources/App/Other\(number).swift")
    }
    func scan(warm: Bool) throws -> CodeModel {
      let options = ScanOptions(threads: 1, cacheFolder: warm ? cache.path : nil)
      return try SourceScanner(options: options).scan(folder: folder.path)
    }
    let before = try scan(warm: true)
    try folder.write(example.text + "\n", to: "Sources/App/\(example.path).swift")
    let now = try scan(warm: true)
    #expect(now == (try scan(warm: false)))
    #expect(now != before)
    // Later changes of other files begin from what is right.
    try folder.write("struct Other1 { let a = 1 }\n", to: "Sources/App/Other1.swift")
    #expect(try scan(warm: true) == scan(warm: false))
  }
}
