// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import ShopMonolith

/// The outbound call, against a gateway on this machine.
@Suite(.timeLimit(.minutes(1)))
struct PaymentGatewayTests {
  @Test func theReferenceOfTheGatewayIsKeptWithThePayment() async throws {
    try await withGateway { gateway in
      let shop = try ShopUnderTest(gateway: gateway)
      let details = try await shop.engine.checkout(
        OrderDraft(customerId: 7, lines: [.init(sku: "GAR-0016", quantity: 1)]))
      let payments = try await shop.engine.payments.payments(
        status: nil, orderID: details.order.id, PageRequest())
      #expect(payments.items.map(\.reference) == ["gw-1"])
      try await gateway.void(Authorisation(reference: "gw-1"))
    }
  }

  @Test func aRefusalIsADeclinedPayment() async throws {
    try await withGateway { gateway in
      await #expect(throws: ShopError.paymentDeclined("the gateway refused 9000.01 EUR")) {
        try await gateway.authorise(amount: Money(cents: 900_001), customer: 1)
      }
    }
  }

  @Test func aBrokenGatewayIsNamedAsSuch() async throws {
    try await withGateway { gateway in
      await #expect(throws: ShopError.gatewayUnavailable("status 500")) {
        try await gateway.authorise(amount: .zero, customer: 1)
      }
    }
  }

  @Test(arguments: ["https://gateway.example.com", "http://192.0.2.1", "not an address"])
  func addressesBeyondThisMachineAreRefused(address: String) {
    var configuration = ShopConfiguration()
    configuration.paymentGateway = address
    #expect(throws: ShopError.self) { try ShopApplication(configuration: configuration) }
  }

  private func withGateway(
    _ body: @escaping @Sendable (HTTPPaymentGateway) async throws -> Void
  ) async throws {
    struct Amount: Decodable { let amount: Int }
    let router = Router()
    router.post("v1/authorisations") { request, context in
      let amount = try await request.decode(as: Amount.self, context: context).amount
      if amount == 0 { return Response(status: .internalServerError) }
      if amount > 900_000 { return Response(status: .init(code: 402)) }
      let text = #"{"reference":"gw-1"}"#
      return Response(status: .created, body: .init(byteBuffer: ByteBuffer(string: text)))
    }
    router.post("v1/authorisations/:reference/void") { _, _ in Response(status: .ok) }
    let gateway = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      logger: Logger.silent)
    try await gateway.test(.live) { client in
      let port = try #require(client.port)
      try await body(HTTPPaymentGateway(baseURL: "http://127.0.0.1:\(port)"))
    }
  }
}
