// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Hummingbird
import HummingbirdServices
import Logging
import ServiceClient
import ServiceLifecycle

/// A service that asks another one, as long as its own caller waits, and says how it is at `/livez`
/// and `/readyz`.
func catalogue(
  port: Int, prices: ServiceClient, database: @escaping ServiceHealth.Check, logger: Logger
) -> ServiceGroup {
  let router = Router()
  router.add(middleware: CallContextMiddleware())
  router.get("/articles/{id}") { _, context -> String in
    let id = try context.parameters.require("id")
    let cents = try await prices.get("/prices/\(id)", as: Int.self)
    return "\(id) costs \(cents)"
  }
  let health = ServiceHealth(checks: ["database": database])
  health.addRoutes(to: router)
  let server = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
    logger: logger)
  // Whoever is last is told first to end: not ready any more, while the server still answers.
  return ServiceGroup(
    services: [server, health], gracefulShutdownSignals: [.sigterm], logger: logger)
}
// snippet.hide
