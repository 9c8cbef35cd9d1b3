// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Two stores of SQLite and the mapping between them, as a section of a configuration.
struct MovingOrders {
  let legacy: DataStore
  let new: DataStore
  let section: String
  private let scratch: Scratch

  init(rows: Int = 50) async throws {
    scratch = try Scratch()
    legacy = try await DataStore(.sqlite, "legacy", scratch)
    new = try await DataStore(.sqlite, "new", scratch)
    try await legacy.run(
      "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL, note text)",
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
      INSERT INTO orders SELECT i, i * 7, 'note ' || i FROM n
      """)
    try await new.run(
      """
      CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL, pence bigint NOT NULL, memo text)
      """)
    section = """
      data:
        stores: { legacy: \(legacy.declaration), new: \(new.declaration) }
        mappings:
          orders:
            from: legacy.orders
            to: new.purchases
            columns: { number: id, pence: cents, memo: note }

      """
  }
}
