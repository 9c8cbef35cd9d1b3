// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@testable import SourceScanning

@Suite struct DeterminismTests {
  /// A dozen files that refer to each other in a circle, with routes, tables and generics.
  private static let files: [String: String] = {
    var files: [String: String] = [:]
    for index in 0..<12 {
      let next = (index + 1) % 12
      files["Sources/App/Part\(index).swift"] = """
        import GRDB
        struct Record\(index): Codable, PersistableRecord {
          static let databaseTableName = "table_\(index)"
          var next = Lazy\(next)()
        }
        final class Lazy\(index) {
          lazy var other = Record\(next)()
          func go<T>(_ value: T) -> T { value }
          func store(_ queue: DatabaseQueue) throws {
            try queue.write { db in
              try go(other).next.other.insert(db)
              try db.execute(sql: "UPDATE table_\(index) SET x = 1")
            }
          }
          func routes(_ router: RouterGroup<Context>) {
            router.group("part\(index)").get(":id") { _, _ in Lazy\(next)() }
          }
        }
        """
    }
    return files
  }()

  @Test(arguments: [1, 2, 8]) func threadsDoNotMatter(threads: Int) {
    var sources = InlineSources(Self.files)
    sources.options.threads = threads
    var reference = InlineSources(Self.files)
    reference.options.threads = 3
    let model = sources.model()
    #expect(model == reference.model())
    #expect(model.references.count >= 60)
    #expect(model.tableUses.count == 12 * 3)
    #expect(model.routes.count == 12)
  }

  @Test func scanningTwiceGivesTheSameModel() throws {
    let folder = try ScratchFolder()
    for (path, text) in Self.files { try folder.write(text, to: path) }
    let one = try SourceScanner(options: ScanOptions(threads: 1)).scan(folder: folder.path)
    let two = try SourceScanner(options: ScanOptions(threads: 4)).scan(folder: folder.path + "/")
    #expect(one == two)
    #expect(one.files.count == 12)
  }

  @Test func progressCountsEveryFileTwice() throws {
    let folder = try ScratchFolder()
    for (path, text) in Self.files { try folder.write(text, to: path) }
    var seen: [ScanProgress] = []
    _ = try SourceScanner().scan(folder: folder.path) { seen.append($0) }
    #expect(seen.first?.phase == .discovering)
    #expect(seen.filter { $0.phase == .parsing }.map(\.completed) == Array(1...12))
    #expect(seen.last == ScanProgress(phase: .resolving, completed: 12, total: 12))
  }
}
