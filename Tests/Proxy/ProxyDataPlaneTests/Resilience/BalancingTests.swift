// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

@Suite("Balancing", .everyTransport, .timeLimit(.minutes(1)))
struct BalancingTests {
  private static func request(user: Int) -> String {
    "GET / HTTP/1.1\r\nHost: a\r\nX-User: \(user)\r\n\r\n"
  }

  private static func run(
    _ change: @escaping (inout UpstreamPolicies) -> Void,
    _ body: (WireConnection) async throws -> Void
  ) async throws {
    try await Origin.run(Origin.saying("one")) { one in
      try await Origin.run(Origin.saying("two")) { two in
        try await Origin.run(Origin.saying("three")) { three in
          let configuration = try ProxyConfiguration.all(to: one.port, two.port, three.port)
            .policies(of: "legacy", change)
          try await RunningProxy.run(configuration) { proxy in
            try await Loopback.connect(proxy.port) { try await body($0) }
          }
        }
      }
    }
  }

  private static func texts(_ users: [Int], _ client: WireConnection) async throws -> [String] {
    var texts: [String] = []
    for user in users {
      try await client.send(request(user: user))
      texts.append(try await client.message()?.text ?? "nothing")
    }
    return texts
  }

  @Test("Round robin: each in turn")
  func roundRobin() async throws {
    try await Self.run({ _ in }) { client in
      let texts = try await Self.texts([1, 2, 3, 4, 5, 6], client)
      #expect(texts == ["one", "two", "three", "one", "two", "three"])
    }
  }

  @Test("Consistent hash: a user stays where it is, and users are dealt to all")
  func consistentHash() async throws {
    try await Self.run({
      $0.balance = .consistentHash
      $0.hashBy = [.header("x-user")]
    }) { client in
      let users = Array(0..<40)
      let texts = try await Self.texts(users, client)
      #expect(Set(texts) == ["one", "two", "three"])
      let again = try await Self.texts(users, client)
      #expect(again == texts)
    }
  }

  @Test("Least requests: one after the other, equals take turns")
  func leastRequests() async throws {
    try await Self.run({ $0.balance = .leastRequests }) { client in
      let texts = try await Self.texts([1, 2, 3], client)
      #expect(Set(texts) == ["one", "two", "three"])
    }
  }
}
