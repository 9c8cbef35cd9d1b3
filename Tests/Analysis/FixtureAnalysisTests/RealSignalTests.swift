// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import SourceScanning
import Testing

/// Signals of real code, counted by hand: GRDB's demonstration and Hummingbird's own servers, from
/// the checkouts that the build has made anyway.
@Suite struct RealSignalTests {
  private static let checkouts = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../.build/checkouts").standardized

  private func model(_ path: String) throws -> CodeModel {
    let folder = Self.checkouts.appending(path: path).path(percentEncoded: false)
    return try SourceScanner().scan(folder: folder)
  }

  private static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(
      atPath: checkouts.appending(path: path).path(percentEncoded: false))
  }

  private static let demo = "GRDB.swift/Documentation/DemoApps/GRDBDemo/GRDBDemo"

  @Test(.enabled(if: has(demo), "needs the package checkouts")) func demonstrationOfGRDB() throws {
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

  @Test(.enabled(if: has("hummingbird/Benchmarks"), "needs the package checkouts"))
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
