// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@testable import SourceScanning

@Suite struct ModelShapeTests {
  @Test func typesOfOneNameInTwoModulesAreAFinding() {
    let model = InlineSources([
      "Sources/Shop/User.swift": "struct User {}", "Sources/Mail/User.swift": "struct User {}",
      "Sources/Mail/Letter.swift": "struct Letter {}",
    ]).model()
    let found = model.findings.filter { $0.id == "same-name" }
    #expect(
      found.map(\.message) == [
        "1 type name is declared in more than one module, the first is User in Mail and Shop; the "
          + "module before the name tells them apart"
      ])
    #expect(found.map(\.locations.count) == [2])
  }

  @Test func typesAreNumberedByFileAndPosition() {
    let model = InlineSources([
      "Sources/App/B.swift": "func free() {}\nenum Second { struct Inner {} }\nactor Third {}",
      "Sources/App/A.swift": "class First {}",
    ]).model()
    #expect(
      model.types.map(\.qualifiedName) == [
        "First", "Sources/App/B.swift", "Second", "Second.Inner", "Third",
      ])
    #expect(model.types.map(\.kind) == [.class, .fileScope, .enum, .struct, .actor])
    #expect(model.types[3].position == SourcePosition(file: FileID(1), line: 2, column: 22))
  }

  @Test func membersOfExtensionsCount() {
    let model = InlineSources([
      "A.swift": "struct God { var a = 1; func b() {} }",
      "B.swift": "extension God { func c() {}; init(x: Int) { self.init() } }",
    ]).model()
    #expect(model.types.first { $0.name == "God" }?.memberCount == 4)
  }

  @Test func `a file that holds only extensions is used by who uses its members`() {
    let model = InlineSources([
      "Sources/App/A.swift": "struct A { func a() { b() } }",
      "Sources/App/B.swift": "extension A { func b() {} }",
      "Sources/App/C.swift": "struct C { func c(_ a: A) { a.b() } }",
    ]).model()
    let graph = DependencyEdges(model, level: .file)
    let names = graph.nodes.map { $0.replacing("Sources/App/", with: "") }
    func text(_ from: Int, _ to: Int) -> String { "\(names[from]) \(names[to])" }
    // Inside of a type nothing is a reference, and its files are tied all the same.
    #expect(graph.edges.map { text($0.from, $0.to) } == ["C.swift A.swift", "C.swift B.swift"])
    #expect(
      graph.links.map { text($0.from, $0.to) + " \($0.count)" } == [
        "A.swift B.swift 1", "B.swift A.swift 1", "C.swift A.swift 1", "C.swift B.swift 1",
      ])
  }

  @Test func `members of a small type are told where they are asked for`() {
    var sources = InlineSources(
      "struct Small { func a() { b() }; func b() {} }\nstruct Other { func c() { c() } }")
    #expect(sources.model().members.isEmpty && sources.model().references.isEmpty)
    sources.options.toldTypes = ["App.Small"]
    let model = sources.model()
    #expect(model.members.map(\.name) == ["a", "b"])
    #expect(model.references.map(\.symbol) == ["b"])
  }

  @Test func referencesTellTheNameAndItsPlace() {
    let source = "struct A { func go() {} }\nstruct B {\n  func f(a: A) { a.go() }\n}\n"
    let call = InlineSources(source).model().references.first { $0.kind == .call }
    #expect(call?.symbol == "go")
    #expect(call?.position == SourcePosition(file: FileID(0), line: 3, column: 20))
    #expect(call?.tier == .syntax)
  }

  @Test func columnsCountBytes() {
    let source = "struct A {}\n/* größer */ let a = A()\n"
    let model = InlineSources(source).model()
    #expect(model.references.first?.position.column == 24)
  }

  @Test func linesAreCountedWithAndWithoutFinalNewline() {
    let model = InlineSources([
      "A.swift": "struct A {}\n", "B.swift": "struct B {\n}", "C.swift": "",
    ]).model()
    #expect(model.files.map(\.lines) == [1, 2, 0])
  }

  @Test func modulesComeFromTheManifest() {
    let manifest = """
      let package = Package(name: "x", targets: [
        .target(name: "Orders", path: "Code/Orders"), .executableTarget(name: "App"),
        library("Deep", .area),
      ])
      """
    let paths = [
      "Code/Orders/A.swift", "Sources/App/B.swift", "Sources/Area/Deep/C.swift", "Loose.swift",
      "Sources/Other/D.swift",
    ]
    let map = ModuleMap(
      manifests: [(path: "Package.swift", bytes: Array(manifest.utf8))], sources: paths,
      rootName: "root")
    #expect(paths.map(map.module) == ["Orders", "App", "Deep", "root", "Other"])
  }

  @Test func nestedPackagesKeepTheirOwnTargets() {
    let paths = ["services/orders/Sources/Core/A.swift", "services/stock/Sources/Core2/B.swift"]
    let map = ModuleMap(
      manifests: [
        (
          path: "services/orders/Package.swift",
          bytes: Array("let p = Package(targets: [.target(name: \"Core\")])".utf8)
        ),
        (
          path: "services/stock/Package.swift",
          bytes: Array("let p = Package(targets: [.target(name: \"Core2\")])".utf8)
        ),
      ], sources: paths, rootName: "root")
    #expect(paths.map(map.module) == ["Core", "Core2"])
  }

  @Test func `the manifest above a folder of sources counts, where it knows the folder`() {
    let manifest = """
      let package = Package(name: "x", targets: [
        .target(name: "Orders", path: "Sources/Shop/Orders"), library("Deep", .area),
        .executableTarget(name: "App"),
      ], swiftSettings: [.define("LIVE")])
      """
    func map(_ folder: String, _ paths: [String]) -> ModuleMap {
      ModuleMap(
        manifests: [], enclosing: .init(folder: folder, bytes: Array(manifest.utf8)),
        sources: paths, rootName: folder.split(separator: "/").last.map(String.init) ?? "")
    }
    let paths = ["Shop/Orders/A.swift", "Area/Deep/In/B.swift", "App/C.swift", "Other/D.swift"]
    let sources = map("Sources/", paths)
    #expect(paths.map(sources.module) == ["Orders", "Deep", "App", "Other"])
    #expect(sources.defines == ["LIVE"])
    // A folder inside of a target is the target's.
    let inside = map("Sources/Shop/Orders/Models/", ["A.swift", "More/B.swift"])
    #expect(["A.swift", "More/B.swift"].map(inside.module) == ["Orders", "Orders"])
    #expect(map("Sources/Area/Deep/", ["In/B.swift"]).module(of: "In/B.swift") == "Deep")
    // Somebody else's manifest tells nothing.
    let foreign = map("Elsewhere/", ["A.swift"])
    #expect(foreign.module(of: "A.swift") == "Elsewhere" && foreign.defines == [])
  }

  @Test func `without a manifest a folder whose folders are imported holds modules`() {
    let paths = [
      "Analysis/Graph/Deep/A.swift", "Analysis/Reports/B.swift", "App/Controllers/C.swift",
      "App/Models/D.swift", "Tool/main.swift",
    ]
    let map = ModuleMap(manifests: [], sources: paths, rootName: "Sources") {
      ImportLines.modules(
        in: Array("import Foundation\n@testable import Graph\n  public import struct App.D\n".utf8))
    }
    #expect(paths.map(map.module) == ["Graph", "Reports", "App", "App", "Tool"])
    // Nobody imports a folder: it may be anything.
    let silent = ModuleMap(manifests: [], sources: paths, rootName: "Sources")
    #expect(paths.map(silent.module) == ["Analysis", "Analysis", "App", "App", "Tool"])
    let whole = ModuleMap(
      manifests: [], sources: paths.map { "Sources/" + $0 }, rootName: "shop"
    ) { ["Reports"] }
    #expect(whole.module(of: "Sources/Analysis/Graph/Deep/A.swift") == "Graph")
  }

  @Test func `lines that import are told from others`() {
    let text = """
      // import Comment
      import Foundation; import Second
      @_exported import Core.Inner
      internal import enum Kit.Kind
      let important = "import Nothing"
      """
    #expect(
      ImportLines.modules(in: Array(text.utf8)) == ["Foundation", "Core", "Kit"])
  }
}
