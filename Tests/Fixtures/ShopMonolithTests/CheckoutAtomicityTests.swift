// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import GRDB
import Synchronization
import Testing

@testable import ShopMonolith

/// Checkout writes orders, inventory and payments: all of it or nothing.
@Suite(.timeLimit(.minutes(1)))
struct CheckoutAtomicityTests {
  private let order = """
    {"customerId":7,"lines":[{"sku":"GAR-0016","quantity":2},{"sku":"KIT-0009","quantity":1}]}
    """

  @Test func aCheckoutWritesAllThreeAreas() async throws {
    let shop = try ShopUnderTest()
    let stock = try await shop.engine.inventory.level(of: "GAR-0016").available
    let placed = try await shop.client { try await $0.post("/orders", order) }
    #expect(placed.status == 201)
    #expect(placed["id"] == "1001")
    #expect(try await shop.count("orders") == 1_001)
    #expect(try await shop.engine.inventory.level(of: "GAR-0016").available == stock - 2)
    let payment = try await shop.engine.payments.payments(
      status: .authorised, orderID: 1_001, PageRequest())
    #expect(payment.items.map { String($0.amount.cents) } == [placed["total"]])
    #expect(try await shop.count("stock_movements") == 2)
  }

  /// The trigger makes one table refuse the insert; each table of the transaction in turn.
  @Test(arguments: ["orders", "order_lines", "stock_movements", "payments", "audit_log"])
  func aRefusedWriteLeavesNothingBehind(table: String) async throws {
    let gateway = RecordingGateway()
    let shop = try ShopUnderTest(gateway: gateway)
    try await shop.engine.database.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER refuse BEFORE INSERT ON \(table)
          BEGIN SELECT RAISE(ABORT, 'refused by the test'); END
          """)
    }
    let before = try await shop.checkoutTables()
    let answer = try await shop.client { try await $0.post("/orders", order) }
    #expect(answer.status == 500)
    #expect(try await shop.checkoutTables() == before)
    #expect(gateway.voided == ["auth-7"])
    #expect(try await shop.count("outgoing_messages") == 0)
  }

  @Test func theSecondLineOutOfStockTakesTheFirstBack() async throws {
    let gateway = RecordingGateway()
    let shop = try ShopUnderTest(gateway: gateway)
    let reserved = try await shop.engine.inventory.level(of: "KIT-0009").reserved
    _ = try await shop.engine.inventory.count("KIT-0009", onHand: reserved)
    let before = try await shop.checkoutTables()
    let answer = try await shop.client { try await $0.post("/orders", order) }
    #expect(answer.status == 409)
    #expect(answer["error.code"] == "out-of-stock")
    #expect(try await shop.checkoutTables() == before)
    #expect(gateway.voided == ["auth-7"])
  }

  @Test func aGatewayThatCannotVoidDoesNotHideTheReason() async throws {
    let shop = try ShopUnderTest(gateway: RecordingGateway(voids: false))
    let reserved = try await shop.engine.inventory.level(of: "GAR-0016").reserved
    _ = try await shop.engine.inventory.count("GAR-0016", onHand: reserved)
    let answer = try await shop.client { try await $0.post("/orders", order) }
    #expect(answer["error.code"] == "out-of-stock")
  }

  @Test func aDeclinedPaymentWritesNothing() async throws {
    let shop = try ShopUnderTest(gateway: DecliningGateway())
    let before = try await shop.checkoutTables()
    let answer = try await shop.client { try await $0.post("/orders", order) }
    #expect(answer.status == 402)
    #expect(try await shop.checkoutTables() == before)
  }
}

private final class RecordingGateway: PaymentGateway {
  private let references = Mutex<[String]>([])
  private let voids: Bool

  init(voids: Bool = true) { self.voids = voids }

  var voided: [String] { references.withLock { $0 } }

  func authorise(amount: Money, customer: Int64) async throws -> Authorisation {
    Authorisation(reference: "auth-\(customer)")
  }

  func void(_ authorisation: Authorisation) async throws {
    guard voids else { throw ShopError.gatewayUnavailable("closed") }
    references.withLock { $0.append(authorisation.reference) }
  }
}

private struct DecliningGateway: PaymentGateway {
  func authorise(amount: Money, customer: Int64) async throws -> Authorisation {
    throw ShopError.paymentDeclined("no cover")
  }

  func void(_ authorisation: Authorisation) async throws {}
}
