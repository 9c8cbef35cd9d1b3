// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import HummingbirdTesting
import ServiceLeases
import Testing

@Suite("The registry on the admin API", .timeLimit(.minutes(1)))
struct RegistryEndpointTests {
  private static let lease = #"{"endpoint": "10.0.0.5:8080", "lease": 30}"#
  private static let path = "/registry/orders/one"

  private func harness() throws -> AdminHarness {
    var harness = try AdminHarness()
    harness.registry = InstanceRegistry(logger: harness.logger, milliseconds: { 0 }) { _ in }
    return harness
  }

  @Test("An instance registers, is listed, and leaves")
  func life() async throws {
    try await harness().run { client in
      let put = try await client.put(Self.lease, to: Self.path)
      #expect(put.status == 200)
      let instance = RegistryListing.Instance(
        name: "one", endpoint: "10.0.0.5:8080", lease: 30, endsInMilliseconds: 30_000)
      #expect(
        try JSONDecoder().decode(RegistryListing.Instance.self, from: Data(put.body.utf8))
          == instance)
      let listed = try await client.send(.get, "/registry")
      #expect(
        try JSONDecoder().decode(RegistryListing.self, from: Data(listed.body.utf8))
          == RegistryListing(
            isComplete: false, services: [.init(name: "orders", instances: [instance])]))
      let left = try await client.send(.delete, Self.path)
      #expect(left.status == 200 && left.body.contains(#""name" : "one""#))
      #expect(try await client.send(.delete, Self.path).status == 404)
      #expect(try await client.send(.get, "/registry").body.contains(#""services" : ["#))
    }
  }

  @Test(
    "What is wrong is named, and nobody is registered",
    arguments: [
      #"{"endpoint": "orders:8080", "lease": 30}"#, #"{"endpoint": "0.0.0.0:8080", "lease": 30}"#,
      #"{"endpoint": "10.0.0.5", "lease": 30}"#, #"{"endpoint": 5, "lease": 30}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": 4}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": 301}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": 30.5}"#, #"{"endpoint": "10.0.0.5:8080"}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": "30"}"#, #"{"lease": 30}"#, "{}", "", "[]",
      #"{"endpoint": "10.0.0.5:8080", "lease": 30, "reason": "why"}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": 30, "weight": 1}"#,
      #"{"endpoint": "10.0.0.5:8080", "lease": 30, "lease": 40}"#,
    ])
  func mistakes(body: String) async throws {
    try await harness().run { client in
      let answer = try await client.put(body, to: Self.path)
      #expect(answer.status == 400 && answer.headers[.contentType] == "application/problem+json")
      #expect(try await client.send(.get, "/registry").body.contains("one") == false)
    }
  }

  @Test("Names are those of URLs")
  func names() async throws {
    try await harness().run { client in
      for path in ["/registry/.orders/one", "/registry/orders/.one", "/registry/or%20ders/one"] {
        let put = try await client.put(Self.lease, to: path)
        let left = try await client.send(.delete, path)
        #expect(put.status == 400 && left.status == 400, "\(path)")
      }
      let long = String(repeating: "a", count: 65)
      let tooLong = try await client.put(Self.lease, to: "/registry/orders/\(long)")
      let untyped = try await client.send(.put, Self.path, body: Self.lease)
      #expect(tooLong.status == 400 && untyped.status == 415)
      let origin: HTTPFields = [.origin: "https://evil.example"]
      let foreign = try await client.send(.delete, Self.path, origin)
      #expect(foreign.status == 403)
    }
  }

  @Test("The registry's token is good for the registry alone")
  func tokens() async throws {
    var harness = try harness()
    harness.token = AdminToken("correct horse battery")
    harness.registryToken = AdminToken("staple of the registry")
    try await harness.run { client in
      let (admin, own): (HTTPFields, HTTPFields) = (
        [.authorization: "Bearer correct horse battery"],
        [.authorization: "Bearer staple of the registry"]
      )
      for (headers, status) in [(admin, 200), (own, 200), ([:], 401)] {
        let put = try await client.put(Self.lease, to: Self.path, headers)
        let listed = try await client.send(.get, "/registry", headers)
        let left = try await client.send(.delete, Self.path, headers)
        #expect([put, listed, left].map(\.status) == [status, status, status])
      }
      let routes = try await client.send(.get, "/routes", own)
      let moved = try await client.put(#"{"percent": 1, "reason": "r"}"#, own)
      #expect(routes.status == 401 && moved.status == 401)
    }
  }

  @Test("A service that has as many instances as it may takes no more")
  func full() async throws {
    let harness = try harness()
    let registry = try #require(harness.registry)
    let address = try #require(InstanceAddress("10.0.0.5:8080"))
    for number in 0..<LeaseTable.instancesOfService {
      let name = try #require(InstanceName(service: "orders", instance: "i\(number)"))
      _ = try await registry.register(name, at: address, term: 30)
    }
    try await harness.run { client in
      let refused = try await client.put(Self.lease, to: Self.path)
      #expect(refused.status == 409 && refused.body.contains("256 instances"))
      let renewed = try await client.put(Self.lease, to: "/registry/orders/i7")
      #expect(renewed.status == 200)
    }
  }
}
