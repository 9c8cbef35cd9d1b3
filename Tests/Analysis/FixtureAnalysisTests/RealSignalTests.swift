// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import SourceScanning
import Testing

/// Signals of real code, counted by hand: the monolith's, those of GRDB's demonstration and of
/// Hummingbird's own servers, from the checkouts that the build has made anyway.
@Suite struct RealSignalTests {
  private func model(_ path: String) throws -> CodeModel {
    try SourceScanner().scan(folder: Checkout.folder(path))
  }

  @Test func `the monolith's routes, writers, jobs and calls are all of them, and no others`()
    throws
  {
    let (model, truth) = (try ShopMonolith.model.get(), try ShopMonolith.truth())
    #expect(
      model.routes.map { "\($0.method) \($0.path) \(model.displayName($0.handler))" }.sorted()
        == truth.routes.map { "\($0.method) \($0.path) \($0.controller)" }.sorted())
    var writers: [String: Set<String>] = [:]
    for use in model.tableUses where use.access == .writes {
      writers[use.table, default: []].insert(model.displayName(use.type))
    }
    for table in truth.tables {
      #expect(writers[table.table]?.sorted() == table.writers.sorted(), "\(table.table)")
    }
    #expect(writers.count == truth.tables.count)
    #expect(
      Set(model.jobs.map { model.displayName($0.type) }).sorted() == truth.planted.job.sorted())
    #expect(
      Set(model.outboundCalls.map { model.displayName($0.type) })
        == Set(truth.planted.outboundCall.map(\.type)))
    #expect(
      truth.planted.outboundCall.allSatisfy { planted in
        model.outboundCalls.contains { $0.target.contains(planted.path) }
      })
  }

  private static let demo = "GRDB.swift/Documentation/DemoApps/GRDBDemo/GRDBDemo"

  @Test(.enabled(if: Checkout.has(demo), "needs the package checkouts")) func demonstrationOfGRDB()
    throws
  {
    let model = try model(Self.demo)
    let uses = model.tableUses.map { use in
      let file = model.files[Int(use.position.file.index)].path.split(separator: "/").last ?? ""
      return "\(file):\(use.position.line) \(use.access) \(use.table)"
        + (use.inTransaction ? " in transaction" : "")
    }
    // Lines 136 and 162 call, inside of a transaction, the function that writes in line 170: one
    // statement all the same.
    #expect(
      uses == [
        "AppDatabase.swift:46 defines player",
        "AppDatabase.swift:113 writes player in transaction",
        "AppDatabase.swift:120 writes player in transaction",
        "AppDatabase.swift:127 writes player in transaction",
        "AppDatabase.swift:134 reads player in transaction",
        "AppDatabase.swift:140 writes player in transaction",
        "AppDatabase.swift:145 writes player in transaction",
        "AppDatabase.swift:149 reads player in transaction",
        "AppDatabase.swift:150 writes player in transaction",
        "AppDatabase.swift:161 reads player in transaction",
        "AppDatabase.swift:170 writes player",
        "Player.swift:8 maps player",
        "PlayerListModel.swift:46 reads player",
        "PlayerListModel.swift:53 reads player",
      ])
    #expect(model.routes.isEmpty && model.jobs.isEmpty && model.outboundCalls.isEmpty)
  }

  @Test(.enabled(if: Checkout.has("hummingbird/Benchmarks"), "needs the package checkouts"))
  func serversOfHummingbird() throws {
    #expect(
      try routes("hummingbird/Sources/PerformanceTest") == [
        "GET /", "POST /", "GET /json", "GET /wait",
      ])
    #expect(
      try routes("hummingbird/Benchmarks/HummingbirdBenchmarks") == [
        "GET /", "GET /{test}", "PUT /", "POST /", "GET /test/case/Insensitive/performance1",
        "GET /", "GET /test",
      ])
  }

  /// In order of their place.
  private func routes(_ path: String) throws -> [String] {
    try model(path).routes.map { "\($0.method) \($0.path)" }
  }
}
