// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Logging
import ServiceCalls
import ServiceClient

/// The stock of a shop, which another service keeps.
struct Stock: Sendable {
  struct Reservation: Codable, Sendable {
    var article: String
    var order: String
  }

  private let client: ServiceClient

  /// - Parameter endpoints: its instances; calls go to the one with the fewest under way.
  init(endpoints: [ServiceEndpoint], logger: Logger) {
    client = ServiceClient(
      ServiceEntry("stock", endpoints: endpoints),
      policy: ServiceCallPolicy(total: .seconds(2)), logger: logger)
  }

  /// Reserves once for each order, however often it has to be tried.
  ///
  /// - Returns: false where the article is sold out.
  func reserve(_ article: String, for order: String) async throws(ServiceCallError) -> Bool {
    do throws(ServiceCallError) {
      try await client.post(
        "/reservations", json: Reservation(article: article, order: order),
        idempotencyKey: "order-\(order)")
      return true
    } catch {
      if error.source == .status(409) { return false }
      throw error
    }
  }

  /// When the process ends.
  func close() async { await client.close() }
}
// snippet.hide
