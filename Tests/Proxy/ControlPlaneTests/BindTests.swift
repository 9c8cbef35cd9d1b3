// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import HummingbirdTesting
import Logging
import RoutingDecisions
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1))) struct BindTests {
  @Test func anAddressInUseIsNamed() async throws {
    let harness = try AdminHarness()
    try await harness.run { _, port in
      let address = NetworkAddress(host: "127.0.0.1", port: port)
      let second = try AdminServer(
        configuration: AdminConfiguration(listen: address), token: nil, routing: harness.routing,
        counters: harness.counters, readiness: harness.readiness,
        logger: Logger(label: "admin", factory: { _ in SwiftLogNoOpLogHandler() }))
      let error = await #expect(throws: AdminServerError.self) { try await second.run() }
      #expect(error?.description.hasPrefix("cannot listen on 127.0.0.1:\(port): ") == true)
    }
  }
}
