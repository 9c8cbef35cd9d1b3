// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// A scan that an earlier one helps gives what a scan alone gives.
@Suite(.timeLimit(.minutes(2))) struct IncrementalScanTests {
  private struct Project {
    let folder: ScratchFolder
    let cache: ScratchFolder

    init() throws {
      folder = try ScratchFolder()
      cache = try ScratchFolder()
    }

    /// Walks the bodies of how many files, and what it finds.
    func scan(warm: Bool = true) throws -> (model: CodeModel, walked: Int) {
      var walked = 0
      let options = ScanOptions(threads: 2, cacheFolder: warm ? cache.path : nil)
      let model = try SourceScanner(options: options).scan(folder: folder.path) { progress in
        if progress.phase == .resolving { walked = progress.total }
      }
      return (model, walked)
    }
  }

  private static let base = [
    "Sources/App/Order.swift": """
    struct Order: Priced { let line: Line; func total() -> Money { line.price() } }
    func helper() -> Money { Money(cents: 1) }
    """,
    "Sources/App/Line.swift": """
    struct Line { var item = Item(); func price() -> Money { item.cost } }
    """,
    "Sources/Core/Item.swift": """
    public struct Item { public init() {}; public var cost: Money { Money(cents: 2) } }
    """,
    "Sources/Core/Money.swift": """
    public struct Money { public let cents: Int; public init(cents: Int) { self.cents = cents } }
    """,
    "Sources/App/Priced.swift": "import Core\nprotocol Priced { func total() -> Money }\n",
  ]

  private func project() throws -> Project {
    let project = try Project()
    for (path, text) in Self.base {
      let imports = path.contains("/App/") ? "import Core\n" : ""
      try project.folder.write(imports + text + "\n", to: path)
    }
    return project
  }

  private func expectEqual(
    _ project: Project, walking expected: Int? = nil, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let warm = try project.scan()
    let cold = try project.scan(warm: false)
    #expect(warm.model == cold.model, comment, sourceLocation: sourceLocation)
    if let expected {
      #expect(warm.walked == expected, comment, sourceLocation: sourceLocation)
    }
  }

  @Test func `what did not change is not walked`() throws {
    let project = try project()
    try expectEqual(project, walking: 5)
    try expectEqual(project, walking: 0)
    // Only a body, with everything below it moved by a line.
    try project.folder.write(
      "import Core\n\nstruct Line { var item = Item(); func price() -> Money { _ = 1; return item.cost } }\n",
      to: "Sources/App/Line.swift")
    try expectEqual(project, walking: 1)
    // A type that nobody knows yet, with an initialiser of its own.
    try project.folder.write(
      "import Core\nprotocol Priced { func total() -> Money }\nstruct New { let value = 1; init() {} }\n",
      to: "Sources/App/Priced.swift")
    // What has changed since the table was built is walked again, here the one before as well.
    try expectEqual(project, walking: 2)
    // A result that others get: those in which the function's name stands are walked.
    try project.folder.write(
      "import Core\nstruct Line { var item = Item(); func price() -> Item { item } }\n",
      to: "Sources/App/Line.swift")
    try expectEqual(project, walking: 3)
  }

  @Test func `files that come, go and move`() throws {
    let project = try project()
    try expectEqual(project)
    try project.folder.write(
      "import Core\nextension Line { func discount() -> Money { price() } }\n",
      to: "Sources/App/A.swift")
    try expectEqual(project, "added, numbers of all files move")
    let manager = FileManager.default
    let root = project.folder.path + "/"
    try manager.moveItem(
      atPath: root + "Sources/App/A.swift", toPath: root + "Sources/App/Z.swift")
    try expectEqual(project, "renamed")
    try manager.removeItem(atPath: root + "Sources/App/Line.swift")
    try expectEqual(project, "removed, an extension loses its type")
    try project.folder.write("public typealias Line = Item\n", to: "Sources/Core/Line.swift")
    try expectEqual(project, "the name is another type's, in another module")
    try manager.removeItem(atPath: root + "Sources/App/Z.swift")
    try expectEqual(project)
  }

  @Test func `what changes a type changes those who only have its values`() throws {
    let project = try project()
    try project.folder.write(
      "import Core\nfunc use(_ o: Order) { o.line.item.cost.show(); o.line.item.show() }\n",
      to: "Sources/App/Use.swift")
    try expectEqual(project)
    for (path, text) in [
      ("Sources/Core/Shown.swift", "public protocol Shown {}\n"),
      ("Sources/Core/Show.swift", "extension Shown { public func show() {} }\n"),
      ("Sources/Core/Conforms.swift", "extension Item: Shown {}\n"),
      ("Sources/Core/Also.swift", "extension Money: Shown {}\n"),
      ("Sources/Core/Show.swift", "extension Shown { public func display() {} }\n"),
      ("Sources/Core/Own.swift", "extension Money { public func show() {} }\n"),
    ] {
      try project.folder.write(text, to: path)
      try expectEqual(project, "\(path): \(text)")
    }
  }

  @Test func `a piece of a path changes the routes that it stands in`() throws {
    let project = try Project()
    try project.folder.write(
      """
      import Vapor
      struct Orders {
        func boot(routes: any RoutesBuilder) { routes.grouped(Paths.orders).get(use: list) }
        func list() {}
      }
      """, to: "Sources/App/Orders.swift")
    for (piece, path) in [
      (#".constant("orders")"#, "/orders"), (#".parameter("id")"#, "/{id}"),
      (#"[.constant("a"), "b"]"#, "/a/b"), ("made()", "/{?}"),
    ] {
      try project.folder.write(
        "enum Paths { static let orders: [PathComponent] = \(piece) }\n",
        to: "Sources/App/Paths.swift")
      try expectEqual(project, "\(piece)")
      #expect(try project.scan().model.routes.map(\.path) == [path])
    }
  }

  @Test func `another build's or a damaged cache is not used`() throws {
    let project = try project()
    try expectEqual(project)
    let names = try FileManager.default.contentsOfDirectory(atPath: project.cache.path)
    let path = project.cache.path + "/" + (try #require(names.first { $0.hasSuffix("resolution") }))
    let good = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    for place in stride(from: 0, to: good.count, by: max(1, good.count / 40)) {
      var bytes = good
      bytes[place] ^= 0x41
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      try expectEqual(project, walking: 5, "byte \(place)")
    }
    try Data(good.dropLast(9)).write(to: URL(fileURLWithPath: path))
    try expectEqual(project, walking: 5)
    try expectEqual(project, walking: 0)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `any chain of edits gives what a cold run gives`(seed: UInt64) throws {
    let project = try Project()
    var writer = ProgramWriter(seed: seed)
    for number in 0..<10 {
      try project.folder.write(writer.file(number), to: ProgramWriter.path(number))
    }
    _ = try project.scan()
    for step in 0..<20 {
      let number = writer.pick(12)
      let path = ProgramWriter.path(number)
      let file = project.folder.path + "/" + path
      switch writer.pick(8) {
      case 0: try? FileManager.default.removeItem(atPath: file)
      case 1:
        let other = project.folder.path + "/" + ProgramWriter.path(writer.pick(12))
        if !FileManager.default.fileExists(atPath: other) {
          try? FileManager.default.moveItem(atPath: file, toPath: other)
        }
      case 2, 3:
        let old = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        try project.folder.write("\n" + old + writer.declaration(), to: path)
      default: try project.folder.write(writer.file(number), to: path)
      }
      let warm = try project.scan().model
      let cold = try project.scan(warm: false).model
      #expect(warm == cold, "seed \(seed), step \(step), \(path)")
      guard warm == cold else { return }
    }
  }
}

/// Writes small programs whose names meet often: types, extensions, protocols, aliases, generics,
/// globals and bodies that use each other across three modules.
private struct ProgramWriter {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  static func path(_ number: Int) -> String { "Sources/M\(number % 3)/F\(number).swift" }

  mutating func pick(_ count: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % count
  }

  private mutating func type() -> String { "T\(pick(7))" }
  private mutating func proto() -> String { "P\(pick(3))" }
  private mutating func member() -> String {
    ["value", "total", "fetch", "lookup", "handler", "amount", "count"][pick(7)] + "\(pick(2))"
  }

  private mutating func written() -> String {
    switch pick(9) {
    case 0: "[\(type())]"
    case 1: "\(type())?"
    case 2: "Alias\(pick(3))"
    case 3: "Box<\(type())>"
    case 4: "any \(proto())"
    case 5: "\(type()).Inner"
    case 6: "Foreign"
    default: type()
    }
  }

  private mutating func expression() -> String {
    let root = [
      "\(type())()", "given", "global\(pick(3))()", "self.\(member())", member(),
      "constant\(pick(3))", "\(type()).\(member())", "Box(\(type())())", "Foreign()",
    ][pick(9)]
    var text = root
    for _ in 0..<pick(4) {
      text +=
        [".\(member())", ".\(member())()", "?.\(member())", "[0]", ".map { $0.\(member()) }"][
          pick(5)]
    }
    return text
  }

  private mutating func body() -> String {
    var text = ""
    for _ in 0..<(1 + pick(3)) {
      text +=
        [
          "    let local\(pick(3)) = \(expression())\n", "    _ = \(expression())\n",
          "    for item in \(expression()) { item.\(member())() }\n",
          "    if let found = \(expression()) { found.\(member())() }\n",
          "    _ = [\(expression())]\n",
          "    db.execute(\"SELECT a FROM table\(pick(3)) WHERE 1\")\n",
        ][pick(6)]
    }
    return text
  }

  private mutating func members() -> String {
    var text = ""
    for _ in 0..<(1 + pick(3)) {
      text +=
        [
          "  var \(member()): \(written())\n", "  var \(member()) = \(expression())\n",
          "  func \(member())(_ given: \(written())) -> \(written()) {\n\(body())  }\n",
          "  func \(member())() {\n\(body())  }\n",
          "  static var \(member()): \(written()) { \(expression()) }\n",
          "  init() {}\n", "  init(given: \(written())) {}\n",
          "  subscript(index: Int) -> \(written()) { \(expression()) }\n",
          "  struct Inner { var \(member()): \(written()) }\n",
          "  static let databaseTableName = \"table\(pick(3))\"\n",
        ][pick(10)]
    }
    return text
  }

  mutating func declaration() -> String {
    let access = ["", "public ", "private "][pick(3)]
    return [
      "\(access)struct \(type()) {\n\(members())}\n",
      "\(access)final class \(type()): \(proto()) {\n\(members())}\n",
      "\(access)enum \(type()): String { case \(member()), other = \"x\" }\n",
      "public protocol \(proto()) { var \(member()): \(written()) { get } }\n",
      "extension \(type()): \(proto()) {\n\(members())}\n",
      "extension \(type()) {\n\(members())}\n",
      "extension \(proto()) {\n  public func \(member())() {\n\(body())  }\n}\n",
      "extension Foreign {\n\(members())}\n",
      "extension Array {\n  public func \(member())() {}\n}\n",
      "public typealias Alias\(pick(3)) = \(written())\n",
      "public struct Box<Value: \(proto())> { public var \(member()): Value; init(_ v: Value) {} }\n",
      "public func global\(pick(3))() -> \(written()) {\n\(body())}\n",
      "public let constant\(pick(3)) = \(expression())\n",
    ][pick(13)]
  }

  mutating func file(_ number: Int) -> String {
    var text = "import M\(pick(3))\nimport M\(pick(3))\n"
    if pick(6) == 0 { text += "@_exported import M\(pick(3))\n" }
    for _ in 0..<(1 + pick(4)) { text += declaration() }
    return text
  }
}
