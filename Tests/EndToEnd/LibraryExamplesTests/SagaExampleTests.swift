// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessagingTestSupport
import SagaModel
import SagaOrchestration
import Synchronization
import Testing

@testable import LibraryExamples

@Suite("Worked example of sagas", .timeLimit(.minutes(1)))
struct SagaExampleTests {
  /// Takes no more than ten at once.
  private final class Bank: Payments {
    private let keys = Mutex<[String]>([])

    var taken: [String] { keys.withLock { $0.sorted() } }

    func take(_ cents: Int, key: String) async throws -> String {
      guard cents <= 1_000 else { throw SagaRefusal("the limit is ten") }
      keys.withLock { $0.append(key) }
      return "receipt of \(key)"
    }
  }

  @Test func `what cannot be paid is gone again`() async throws {
    let folder = try TemporaryFolder()
    let bank = Bank()
    let checkout = try Checkout(path: folder.path("shop.sqlite"), payments: bank)
    try await checkout.begin(Cart(order: "1", cents: 500))
    try await checkout.begin(Cart(order: "2", cents: 5_000))
    let orchestrator = checkout.orchestrator(logger: .silent)
    try await running({ try await orchestrator.run() }) {
      while case let status = orchestrator.status, status.completed + status.compensated < 2 {
        try Task.checkCancellation()
        await Task.yield()
      }
    }
    #expect(orchestrator.status.completed == 1 && orchestrator.status.compensated == 1)
    let orders = try await checkout.database.read {
      try String.fetchAll($0, sql: "SELECT id || ' ' || state FROM orders")
    }
    #expect(orders == ["1 paid"])
    #expect(bank.taken == ["1:take-payment:do"])
  }
}
