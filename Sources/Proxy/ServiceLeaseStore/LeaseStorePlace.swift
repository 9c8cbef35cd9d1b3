// SPDX-License-Identifier: Apache-2.0

internal import PostgreSQLClient
package import RoutingDecisions
package import ServiceLeases

/// Opens the store of leases that a configuration names.
package enum LeaseStorePlace {
  /// Nil where one proxy keeps them for itself. Nothing is connected to before the first use.
  package static func open(
    _ configuration: RegistryConfiguration?
  ) throws -> (any LeaseStore)? {
    guard let url = configuration?.url else { return nil }
    #if PostgreSQL
      return try PostgreSQLLeaseStore(url: url)
    #else
      _ = try PostgreSQLAddress(url)
      throw PostgreSQLError(.address, missingTrait)
    #endif
  }

  /// What is wrong with a configuration's registry that only this build, or libpq, can tell.
  package static func diagnostics(of configuration: ProxyConfiguration) -> [Diagnostic] {
    guard let url = configuration.registry?.url else { return [] }
    do {
      _ = try PostgreSQLAddress(url)
    } catch {
      return [Diagnostic(.error, key: "proxy.registry.url", message: error.message)]
    }
    if PostgreSQLSupport.isBuiltIn { return [] }
    return [Diagnostic(.error, key: "proxy.registry.url", message: missingTrait)]
  }

  private static let missingTrait =
    "this build of strangler knows no PostgreSQL: build it with --traits PostgreSQL (and libpq), "
    + "or leave url out, and one proxy keeps its registry for itself"
}
