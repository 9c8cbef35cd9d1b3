// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// A change is put into the table that an earlier run has kept, and what comes out is what a scan
/// alone gives.
@Suite(.timeLimit(.minutes(2))) struct KeptTableTests {
  struct Edit: Sendable, CustomTestStringConvertible {
    var what: String
    var path = "Sources/Core/Item.swift"
    /// `nil` for a file that goes.
    var text: String?
    /// The table is built anew.
    var isWhole = false

    var testDescription: String { what }
  }

  private static let base = [
    "Package.swift": """
    import PackageDescription
    let package = Package(name: "Shop", targets: [.target(name: "App"), .target(name: "Core")])
    """,
    "Sources/App/Order.swift": """
    import Core
    struct Order: Priced { let line: Line; func total() -> Amount { line.price().doubled() } }
    extension Line.Kind { func show() -> String { describe() } }
    extension Collection where Element == Order { func first(of line: Line) -> Order? { first } }
    """,
    "Sources/App/Line.swift": """
    import Core
    struct Line { var item = Item(); let unit = Item.standard; func price() -> Money { item.cost } }
    extension Line { enum Kind { case plain, heavy } }
    protocol Priced { func total() -> Amount }
    """,
    "Sources/Core/Item.swift": item,
    "Sources/Core/Money.swift": """
    public struct Money: Scaled {
      public let cents: Int
      public init(cents: Int) { self.cents = cents }
    }
    public protocol Scaled {}
    extension Scaled { public func doubled() -> Self { self } }
    public typealias Amount = Money
    """,
    "Sources/Core/Store.swift": """
    public enum Names { public static let items = "items" }
    public struct Shelf<Thing: Scaled> { public var things: [Thing] = [] }
    extension Shelf { public func best() -> Thing? { things.first } }
    """,
  ]

  private static let item = """
    public struct Item { public init() {}; public var cost: Money { Money(cents: 2) } }
    extension Item { public static let standard = Item(); public func describe() -> String { "" } }
    public func helper(_ shelf: Shelf<Money>) -> Money? { shelf.best() }
    """

  static let edits = [
    Edit(what: "an empty line", text: "\n\n" + item),
    Edit(
      what: "another body",
      text: item.replacingOccurrences(of: "cents: 2", with: "cents: Names.items.count")),
    Edit(what: "a type that nobody uses", text: item + "\nstruct Added { let amount = 1 }"),
    Edit(what: "a member that others name", text: item + "\nextension Item { func price() {} }"),
    Edit(
      what: "a member that others use, with another type",
      text: item.replacingOccurrences(of: "cost: Money", with: "cost: Shelf<Money>")),
    Edit(
      what: "a member under another name",
      text: item.replacingOccurrences(of: "standard", with: "usual")),
    Edit(
      what: "a type under another name",
      text: item.replacingOccurrences(of: "Item", with: "Article")),
    Edit(what: "a member less", text: "public struct Item { public init() {} }"),
    Edit(
      what: "an extension of a nested type", path: "Sources/App/Order.swift",
      text: base["Sources/App/Order.swift"]! + "\nextension Line.Kind { var a: Int { 1 } }"),
    Edit(
      what: "the file of a nested type that another file extends", path: "Sources/App/Line.swift",
      text: "// Moved.\n" + base["Sources/App/Line.swift"]! + "\nstruct More {}"),
    Edit(
      what: "an extension of what is from elsewhere",
      text: item + "\nextension Array { func best() {} }"),
    Edit(what: "a conformance", text: item + "\nextension Item: Scaled {}", isWhole: true),
    Edit(
      what: "an initialiser", text: item + "\nextension Item { init(a: Int) {} }", isWhole: true),
    Edit(what: "an alias", text: item + "\npublic typealias Goods = Item"),
    Edit(
      what: "an alias of something else", path: "Sources/Core/Money.swift",
      text: base["Sources/Core/Money.swift"]?
        .replacingOccurrences(of: "Amount = Money", with: "Amount = Item"), isWhole: true),
    Edit(
      what: "an extension in the type's own file", path: "Sources/App/Line.swift",
      text: base["Sources/App/Line.swift"]!
        + "\nextension Line { func describe() -> Item { item } }"),
    Edit(
      what: "a generic type", path: "Sources/Core/Store.swift",
      text: "// Moved.\npublic let limit = 3\n" + base["Sources/Core/Store.swift"]!),
    Edit(what: "another import", text: "import Foundation\n" + item),
    Edit(what: "what is passed on", text: "@_exported import App\n" + item, isWhole: true),
    Edit(what: "a new file", path: "Sources/Core/New.swift", text: "struct New {}", isWhole: true),
    Edit(what: "a file that goes", text: nil, isWhole: true),
    Edit(
      what: "another manifest", path: "Package.swift",
      text: """
        import PackageDescription
        let package = Package(
          name: "Shop",
          targets: [.target(name: "App"), .target(name: "Heart", path: "Sources/Core")])
        """, isWhole: true),
    Edit(what: "what does not parse", text: item + "\nstruct Broken { func f( }"),
  ]

  private struct Project {
    let folder: ScratchFolder
    let cache: ScratchFolder

    func scan(warm: Bool = true) throws -> CodeModel {
      let options = ScanOptions(threads: 2, cacheFolder: warm ? cache.path : nil)
      return try SourceScanner(options: options).scan(folder: folder.path)
    }

    /// What is kept of the table.
    func kept() throws -> Data {
      let names = try FileManager.default.contentsOfDirectory(atPath: cache.path)
      let name = try #require(names.first { $0.hasSuffix("resolution") })
      return try #require(FileManager.default.contents(atPath: cache.path + "/" + name))
    }

    func apply(_ edit: Edit) throws {
      if let text = edit.text {
        try folder.write(text + "\n", to: edit.path)
      } else {
        try FileManager.default.removeItem(atPath: folder.path + "/" + edit.path)
      }
    }
  }

  private func project() throws -> Project {
    let project = Project(folder: try ScratchFolder(), cache: try ScratchFolder())
    for (path, text) in Self.base { try project.folder.write(text + "\n", to: path) }
    _ = try project.scan()
    return project
  }

  @Test(arguments: edits) func `one change gives what a scan alone gives`(edit: Edit) throws {
    let project = try project()
    let before = try project.kept()
    try project.apply(edit)
    #expect(try project.scan() == project.scan(warm: false))
    // What is put into the kept table leaves it as it is; a table that is built is kept anew.
    #expect(try (project.kept() != before) == edit.isWhole)
    if edit.text != nil, edit.path.hasSuffix("Item.swift") {
      try project.folder.write(Self.item + "\n", to: edit.path)
      #expect(try project.scan() == project.scan(warm: false))
    }
  }

  @Test func `changes add up`() throws {
    let project = try project()
    for edit in Self.edits where !edit.isWhole {
      try project.apply(edit)
      #expect(try project.scan() == project.scan(warm: false), "\(edit.what)")
    }
  }
}
