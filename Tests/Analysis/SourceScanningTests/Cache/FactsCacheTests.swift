// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

@Suite struct FactsCacheTests {
  private let sources = """
    import Foundation
    @main public struct Shop<Item: Hashable>: Sendable where Item: Comparable {
      enum Kind: String { case small = "s", large(of: Int, _ name: String?) }
      @Published var items: [String: Item] = [:] { didSet { use(oldValue) } }
      typealias Pair = (left: Item, right: [Item?])
      func run(_ values: Int..., f: @escaping (Int) throws -> Void = { _ in }) {
        guard let first = values.first, case .large(let n, _) = Kind.small else { return }
        for case let x? in [1, nil] where x > n { print("a \\(x) b", x as? Int ?? first) }
        switch values { case let many where many.count > 2: f(many[0]!) default: break }
        let made = if first == 1 { [1: 2] } else { [:] }
        _ = #selector(run); _ = \\Shop.items[0]?.count; do { try f(1) } catch let e as E { use(e) }
        func local() -> some View { Text("x").bold() }
        Task { while true { await Kind.small.rawValue } }
      }
    }
    """

  private func scan(_ folder: ScratchFolder, cache: ScratchFolder?) throws -> CodeModel {
    try SourceScanner(options: ScanOptions(threads: 2, cacheFolder: cache?.path))
      .scan(folder: folder.path)
  }

  private func cacheFile(_ cache: ScratchFolder) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: cache.path)
    return cache.path + "/" + (try #require(names.first { $0.hasSuffix(".cache") }))
  }

  private func project() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write(sources, to: "Sources/App/Shop.swift")
    try folder.write("struct User { let shop: Shop<Int> }\n", to: "Sources/App/User.swift")
    try folder.write("struct Broken { func f( }\n", to: "Sources/App/Broken.swift")
    return folder
  }

  @Test func warmRunsEqualColdOnes() throws {
    let (folder, cache) = (try project(), try ScratchFolder())
    let cold = try scan(folder, cache: nil)
    #expect(try scan(folder, cache: cache) == cold)
    #expect(try scan(folder, cache: cache) == cold)
    try folder.write(
      "struct User { let shop: Shop<Int>; let next: [Shop<String>.Kind] }\n",
      to: "Sources/App/User.swift")
    let changed = try scan(folder, cache: nil)
    #expect(changed != cold)
    #expect(try scan(folder, cache: cache) == changed)
  }

  /// Facts as they come back from a cache, and the same as they were parsed.
  private func keptFacts() throws -> (parsed: ReadFile, back: ReadFile) {
    let modules = ModuleMap(manifests: [], sources: [], rootName: "App")
    var conditions = BuildConditions()
    conditions.modules = BuildConditions.toolchainModules
    let reader = FileReader(
      root: "", options: ScanOptions(), modules: modules, conditions: conditions)
    var read = ReadFile(facts: FileFacts(path: "a", module: "App"))
    reader.parse(Array(sources.utf8), into: &read)
    let kept = read.keep(as: ContentHash(sources.utf8))
    return (read, try ReadFile(path: "a", module: "App", kept: kept))
  }

  @Test func factsComeBackAsTheyWere() throws {
    let (parsed, back) = try keptFacts()
    #expect(back.everything == parsed.everything)
    #expect(parsed.facts.body.expressions.count > 60)
    #expect(back.names?.bytes == parsed.names?.bytes)
  }

  @Test func onlyAWalkReadsBodies() throws {
    let facts = try keptFacts().back.facts
    var table = SymbolTable(files: [facts])
    let numbering = TypeNumbering(table: table)
    let names = TableNames(table: table)
    let found = MemberInference.types(in: table, numbering: numbering, tableNames: names)
    for (id, type) in found.types { table[id].type = type }
    let print = FingerprintBuilder(table, names, TableKeys(table)).fingerprint(threads: 1)
    #expect(print.entries.count > 5)
    #expect(!facts.isBodyRead)
    let walks = BodyWalks(table: table, numbering: numbering, tableNames: names, threads: 1)
    #expect(walks.all { _, _ in }[0].references.count > 3)
    #expect(facts.isBodyRead)
  }

  @Test func damagedBodiesAreUnknown() {
    let bodies = BodyNodes(kept: [1, 2, 3])
    let node = bodies[SourceScanning.Expression.ID(4, isInBody: true)]
    #expect("\(node)" == "unknown")
    #expect(bodies[Handle<Block>(0, isInBody: true)].isEmpty)
  }

  @Test func aDamagedCacheIsAFindingAndAColdRun() throws {
    let (folder, cache) = (try project(), try ScratchFolder())
    let cold = try scan(folder, cache: cache)
    let path = try cacheFile(cache)
    var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    for place in [0, 30, 60, bytes.count / 2, bytes.count - 1] {
      bytes[place] ^= 0x20
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      var model = try scan(folder, cache: cache)
      let findings = model.findings.filter { $0.id == "cache-damaged" }
      // The version and what the facts were made for: another one is no damage.
      #expect(findings.count == ((8..<24).contains(place) ? 0 : 1), "byte \(place)")
      model.findings.removeAll { $0.id == "cache-damaged" }
      #expect(model == cold)
      // The run has put it right.
      #expect(try scan(folder, cache: cache) == cold)
      bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    }
    try Data(bytes.dropLast(7)).write(to: URL(fileURLWithPath: path))
    #expect(try scan(folder, cache: cache).findings.contains { $0.id == "cache-damaged" })
  }

  @Test func whatChangedIsAddedUntilHalfIsWaste() throws {
    let (folder, cache) = (try project(), try ScratchFolder())
    _ = try scan(folder, cache: cache)
    let path = try cacheFile(cache)
    func bytes() throws -> [UInt8] {
      [UInt8](try #require(FileManager.default.contents(atPath: path)))
    }
    let first = try bytes()
    try folder.write("struct User { let shop: Shop<Bool> }\n", to: "Sources/App/User.swift")
    _ = try scan(folder, cache: cache)
    let second = try bytes()
    #expect(second.starts(with: first) && second.count > first.count)
    #expect(second.count < first.count + first.count / 4)
    for round in 0..<5 {
      try folder.write(sources + "// \(round)\n", to: "Sources/App/Shop.swift")
      #expect(try scan(folder, cache: cache) == scan(folder, cache: nil))
      #expect(try bytes().count < 3 * first.count)
    }
  }

  @Test func whatAnotherBuildWroteMeanwhileIsLeftAlone() throws {
    let folder = try ScratchFolder()
    try folder.write([1, 2, 3, 4], to: "cache")
    let path = folder.path + "/cache"
    #expect(throws: FileBytes.OtherFile.self) {
      try FileBytes.append([9], to: path, ifItBeginsWith: [1, 2, 4])
    }
    try FileBytes.append([5, 6], to: path, ifItBeginsWith: [1, 2, 3])
    #expect(FileBytes.contents(of: path) == [1, 2, 3, 4, 5, 6])
  }

  @Test func whatAnotherBuildKeptIsNotRead() throws {
    let (folder, cache) = (try project(), try ScratchFolder())
    func facts(_ program: UInt64) -> FactsCache {
      FactsCache(
        folder: cache.path, root: folder.path, conditions: BuildConditions(), program: program)
    }
    let hash = ContentHash("content".utf8)
    let kept = FileReader.Kept(hash: hash, payload: [1, 2, 3])
    #expect(facts(1).update(with: [kept]).isEmpty)
    #expect(facts(1).state == .usable && facts(1).count == 1)
    #expect(facts(2).state == .outdated && facts(2).count == 0)
    #expect(facts(2).update(with: [kept]).isEmpty)
    #expect(facts(2).count == 1 && facts(1).state == .outdated)
  }

  @Test func aProgramThatIsBuiltAnewIsAnotherOne() throws {
    let folder = try ScratchFolder()
    try folder.write("build 1", to: "program")
    let first = try #require(ProgramIdentity.identity(ofFile: folder.path + "/program"))
    #expect(ProgramIdentity.identity(ofFile: folder.path + "/program") == first)
    try folder.write("build two", to: "program")
    #expect(ProgramIdentity.identity(ofFile: folder.path + "/program") != first)
    #expect(ProgramIdentity.identity(ofFile: folder.path + "/none") == nil)
    #expect(ProgramIdentity.current != nil)
  }

  @Test func anotherPlatformHasOtherFacts() throws {
    let (folder, cache) = (try ScratchFolder(), try ScratchFolder())
    try folder.write("#if os(macOS)\nstruct M {}\n#else\nstruct L {}\n#endif\n", to: "A.swift")
    for (platform, name) in [("Linux", "L"), ("macOS", "M"), ("Linux", "L")] {
      let options = ScanOptions(threads: 1, platform: platform, cacheFolder: cache.path)
      let model = try SourceScanner(options: options).scan(folder: folder.path)
      #expect(model.types.map(\.name) == [name])
      #expect(model.findings.isEmpty)
    }
  }

  @Test func aFolderThatCannotBeWrittenIsAFinding() throws {
    let (folder, cache) = (try project(), try ScratchFolder())
    try cache.write("a file", to: "taken")
    let options = ScanOptions(threads: 1, cacheFolder: cache.path + "/taken")
    let model = try SourceScanner(options: options).scan(folder: folder.path)
    #expect(model.findings.contains { $0.id == "cache-not-written" && $0.severity == .note })
  }
}
