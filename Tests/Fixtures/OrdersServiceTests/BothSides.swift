// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import HummingbirdTesting
import Logging
import ShopMonolith
import ShopSeed

@testable import OrdersService

/// A fresh orders service whose clock stands still and whose event ids count up.
struct ServiceUnderTest {
  static let now = Date(timeIntervalSince1970: TimeInterval(ShopSeed.firstOrderAt) + 20_000_000)

  let service: OrdersApplication

  init(database: String = ":memory:") throws {
    var configuration = OrdersConfiguration()
    configuration.database = database
    configuration.clock = { Self.now }
    service = try OrdersApplication(configuration: configuration)
  }

  var database: any DatabaseWriter { service.database }

  func client<Value: Sendable>(
    _ body: @Sendable (JSONClient) async throws -> Value
  ) async throws -> Value {
    try await service.server(port: 0).test(.router) { try await body(JSONClient($0)) }
  }
}

/// Sends the same request to a fresh shop and to a fresh service.
struct BothSides {
  private static let shared = Result { try BothSides() }

  let shop: ShopApplication
  let service: ServiceUnderTest

  /// One pair for all tests that only read, which saves seeding it for each.
  static func reading() throws -> BothSides { try shared.get() }

  init() throws {
    var configuration = ShopConfiguration()
    configuration.clock = ShopClock { ServiceUnderTest.now }
    shop = try ShopApplication(configuration: configuration)
    service = try ServiceUnderTest()
  }

  func clients(
    _ body: @Sendable (_ shop: JSONClient, _ service: JSONClient) async throws -> Void
  ) async throws {
    try await shop.server(port: 0).test(.router) { shop in
      try await service.client { service in
        try await body(JSONClient(shop), service)
      }
    }
  }
}
