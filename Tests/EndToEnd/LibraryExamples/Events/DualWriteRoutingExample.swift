// SPDX-License-Identifier: Apache-2.0

// snippet.show
import DualWriteRouting
import GRDB

/// Prices of articles: in the table of legacy or in that of the new service, wherever they belong
/// at the moment.
struct Prices: Sendable {
  private let legacy: DatabaseQueue
  private let new: DatabaseQueue
  private let router: DualWriteRouter

  /// - Parameter mapping: its name in the section `data` of `strangler.yaml`.
  init(mapping: String, legacy: DatabaseQueue, new: DatabaseQueue) {
    self.legacy = legacy
    self.new = new
    router = DualWriteRouter(mapping: mapping, legacy: .sqlite(legacy), new: .sqlite(new))
  }

  /// - Returns: what a later read has to be told in order to see this.
  func set(_ article: Int, cents: Int) async throws -> DualWriteRouter.WriteToken {
    let written = try await router.write(
      legacy: .sqlite(legacy) { db in
        try db.execute(
          sql: "INSERT OR REPLACE INTO articles (id, cents) VALUES (?, ?)",
          arguments: [article, cents])
      },
      new: .sqlite(new) { db in
        try db.execute(
          sql: "INSERT OR REPLACE INTO prices (article, amount) VALUES (?, ?)",
          arguments: [article, cents])
      })
    return written.token
  }

  func cents(
    of article: Int, after token: DualWriteRouter.WriteToken? = nil
  ) async throws -> Int? {
    try await router.read(
      after: token,
      legacy: .sqlite(legacy) { db in
        try Int.fetchOne(
          db, sql: "SELECT cents FROM articles WHERE id = ?", arguments: [article])
      },
      new: .sqlite(new) { db in
        try Int.fetchOne(
          db, sql: "SELECT amount FROM prices WHERE article = ?", arguments: [article])
      }, comparing: ==)
  }
}
// snippet.hide
