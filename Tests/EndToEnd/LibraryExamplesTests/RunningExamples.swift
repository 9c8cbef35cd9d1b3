// SPDX-License-Identifier: Apache-2.0

import GRDB
import Logging
import MessagingTestSupport
import ServiceLifecycle
import Testing
import TransactionalMessaging

@testable import LibraryExamples

/// Runs an example while the body runs, and then asks it to end as a signal would.
func running(
  _ example: @escaping @Sendable () async throws -> Void,
  while body: @escaping @Sendable () async throws -> Void
) async throws {
  struct Example: Service {
    let example: @Sendable () async throws -> Void
    func run() async throws { try await example() }
  }
  let group = ServiceGroup(services: [Example(example: example)], logger: .silent)
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    tasks.addTask {
      try await body()
      await group.triggerGracefulShutdown()
    }
    // Where one of both fails the other one is cancelled.
    while try await tasks.next() != nil {}
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "examples") { _ in SwiftLogNoOpLogHandler() } }
}

extension DatabaseReader {
  /// Returns once the statement counts that many; bound it with the test's time limit.
  func has(_ expected: Int, _ sql: String) async throws {
    let counts = ValueObservation.tracking { try Int.fetchOne($0, sql: sql) ?? 0 }
    for try await count in counts.values(in: self) where count == expected { return }
    throw CancellationError()
  }
}

/// The shop of the examples: orders at one end, shipments at the other.
struct ExampleShop: Sendable {
  private let folder: TemporaryFolder
  let orders: OrderStore
  let shipments: ShipmentStore

  init() throws {
    folder = try TemporaryFolder()
    orders = try OrderStore(path: folder.path("orders.sqlite"))
    shipments = try ShipmentStore(path: folder.path("shipments.sqlite"))
  }

  /// Places orders while an example carries their events, until each is shipped, once.
  func shipsWhatIsOrdered(over carry: @escaping @Sendable () async throws -> Void) async throws {
    try await running(carry) {
      for id in ["1", "2", "3"] { try await orders.place(id, cents: 100) }
      try await shipments.database.has(3, "SELECT count(*) FROM shipments")
    }
    let shipped = try await shipments.database.read {
      try String.fetchAll($0, sql: "SELECT order_id FROM shipments ORDER BY order_id")
    }
    #expect(shipped == ["1", "2", "3"])
  }
}
