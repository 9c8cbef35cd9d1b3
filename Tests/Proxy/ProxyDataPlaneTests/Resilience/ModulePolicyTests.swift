// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

/// A module is an upstream like any other, as far as it can fail.
@Suite("Policies of modules", .everyTransport, .timeLimit(.minutes(1)))
struct ModulePolicyTests {
  private struct Failing: InProcessModule {
    struct Trouble: Error {}
    let calls = Origin.Counter()

    func respond(
      to request: HTTPRequest, body: ModuleRequestBody, response: ModuleResponseWriter
    ) async throws {
      calls.add()
      throw Trouble()
    }
  }

  @Test("A module that keeps failing is left alone, and legacy answers reads")
  func breaker() async throws {
    let module = Failing()
    try await Origin.run(Origin.saying("legacy")) { legacy in
      var configuration = try ProxyConfiguration.extracted(9, legacy: legacy.port)
      configuration.upstreams[1].target = .module("orders")
      try await RunningProxy.run(configuration, modules: ["orders": module]) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<20 {
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.message()?.text == "legacy")
          }
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
          #expect(try await client.message()?.status == 503)
        }
        #expect(proxy.server.upstreams.snapshot()[1].breaker == "open")
      }
      #expect(module.calls.value == 5)
    }
  }
}
