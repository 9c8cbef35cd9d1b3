// SPDX-License-Identifier: Apache-2.0

import DualWriteRouting
import Foundation
import GRDB
import Testing

/// A router before anybody decided anything: services embed it first.
@Suite("Router of a service", .timeLimit(.minutes(2)))
struct RouterTests {
  @Test func `without a migration everything is legacy's`() async throws {
    let (legacy, new) = (try DatabaseQueue(), try DatabaseQueue())
    try await legacy.write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY)") }
    let router = DualWriteRouter(mapping: "orders", legacy: .sqlite(legacy), new: .sqlite(new))
    let written = try await router.write(
      legacy: .sqlite(legacy) { db in
        try db.execute(sql: "INSERT INTO orders VALUES (1)")
        return "legacy"
      },
      new: .sqlite(new) { _ in "new" })
    #expect(written.value == "legacy")
    let read = try await router.read(
      after: written.token,
      legacy: .sqlite(legacy) { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders") },
      new: .sqlite(new) { _ in 7 }, comparing: ==)
    #expect(read == 1 && router.comparisons.made == 0)
  }

  @Test func `what the work throws is thrown as it is, and undone`() async throws {
    struct Mine: Error {}
    let legacy = try DatabaseQueue()
    try await legacy.write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY)") }
    let router = DualWriteRouter(mapping: "orders", legacy: .sqlite(legacy), new: .sqlite(legacy))
    let work = RoutedWork<Void>.sqlite(legacy) { db in
      try db.execute(sql: "INSERT INTO orders VALUES (1)")
      throw Mine()
    }
    await #expect(throws: Mine.self) { try await router.write(legacy: work, new: work) }
    #expect(
      try await legacy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders") } == 0)
  }
}
