// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdServices
import Logging
import ServiceCalls
import ServiceClient
import ServiceLeases
import ServiceLifecycle
import ServiceLifecycleTestKit
import ServiceTesting
import Testing

/// What a registry was asked, and how it answers.
private final class RegistryUnderTest: Sendable {
  let asked = Recorder<[String]>([])
  let count = Counter()
  let status = Recorder(HTTPResponse.Status.ok)
  let listing = Recorder(RegistryListing(isComplete: true, services: []))
  let service: ServiceUnderTest

  var url: String { service.endpoint.description }

  init() async throws {
    let (asked, count, status, listing) = (asked, count, status, listing)
    @Sendable func note(_ request: Request) async throws -> Response {
      let token = request.headers[.authorization] ?? "no token"
      let body = String(buffer: try await request.body.collect(upTo: 1_000))
      asked.change { $0.append("\(request.method) \(request.uri.path) \(token) \(body)") }
      count.add()
      return .text(status.value, "{}")
    }
    service = try await ServiceUnderTest { router in
      router.put("/registry/{service}/{instance}") { request, _ in try await note(request) }
      router.delete("/registry/{service}/{instance}") { request, _ in try await note(request) }
      router.get("/registry") { _, _ in
        count.add()
        let text = String(decoding: try JSONEncoder().encode(listing.value), as: UTF8.self)
        return Response.text(status.value, text)
      }
    }
  }
}

@Suite("An instance that registers", .timeLimit(.minutes(1)))
struct InstanceRegistrationTests {
  private let clock = ManualCallClock()
  private let name = InstanceName(service: "orders", instance: "one")!

  private func registration(_ proxies: [String], port: ServerPort) -> InstanceRegistration {
    InstanceRegistration(
      name, proxies: proxies, token: "secret", lease: .seconds(30), drain: .seconds(5),
      clock: clock, logger: Logger(label: "registration") { _ in SwiftLogNoOpLogHandler() }
    ) { try await "10.0.0.5:\(port.value())" }
  }

  @Test("It registers once it can answer, renews, and leaves before the process ends")
  func life() async throws {
    let registry = try await RegistryUnderTest()
    let port = ServerPort()
    let registration = registration([registry.url], port: port)
    let (put, body) = ("PUT /registry/orders/one Bearer secret ", #""endpoint":"10.0.0.5:80""#)
    try await testGracefulShutdown { trigger in
      let ended = Counter()
      async let running: Void = {
        try await registration.run()
        ended.add()
      }()
      #expect(registry.count.count == 0)
      port.serverRuns(on: 80)
      var next = await clock.sleeper(until: 1_009_000...1_011_000)
      #expect(registry.asked.value.count == 1)
      #expect(registry.asked.value[0].hasPrefix(put) && registry.asked.value[0].contains(body))
      clock.advance(milliseconds: next - clock.now())
      next = await clock.sleeper(until: next + 9_000...next + 11_000)
      #expect(registry.asked.value.count == 2)
      // A renewal that fails is tried again soon.
      registry.status.change { $0 = .serviceUnavailable }
      clock.advance(milliseconds: next - clock.now())
      next = await clock.sleeper(until: next + 125...next + 250)
      registry.status.change { $0 = .ok }
      clock.advance(milliseconds: next - clock.now())
      next = await clock.sleeper(until: next + 9_000...next + 11_000)
      #expect(registry.asked.value.count == 4)
      trigger.triggerGracefulShutdown()
      await registry.count.has(5)
      let drain = clock.now() + 5_000
      await clock.sleeper(until: drain...drain)
      #expect(registry.asked.value[4] == "DELETE /registry/orders/one Bearer secret ")
      #expect(ended.count == 0)
      clock.advance(milliseconds: 5_000)
      try await running
    }
    await registry.service.stop()
  }

  @Test("Where one proxy does not answer, another one is asked, also to leave")
  func others() async throws {
    let (dead, registry) = (try await RegistryUnderTest(), try await RegistryUnderTest())
    await dead.service.stop()
    let port = ServerPort()
    port.serverRuns(on: 80)
    let registration = registration([dead.url, registry.url], port: port)
    try await testGracefulShutdown { trigger in
      async let running: Void = registration.run()
      let next = await clock.sleeper(until: 1_000_125...1_000_250)
      clock.advance(milliseconds: next - clock.now())
      await registry.count.has(1)
      trigger.triggerGracefulShutdown()
      await registry.count.has(2)
      #expect(registry.asked.value[1].hasPrefix("DELETE"))
      let drain = clock.now() + 5_000
      await clock.sleeper(until: drain...drain)
      clock.advance(milliseconds: 5_000)
      try await running
    }
    await registry.service.stop()
  }

  @Test("One that never could answer never registers, and has nothing to leave")
  func neverReady() async throws {
    let registry = try await RegistryUnderTest()
    let registration = registration([registry.url], port: ServerPort())
    try await testGracefulShutdown { trigger in
      async let running: Void = registration.run()
      trigger.triggerGracefulShutdown()
      try await running
    }
    #expect(registry.count.count == 0)
    await registry.service.stop()
  }
}

@Suite("Endpoints from a registry", .timeLimit(.minutes(1)))
struct RegistryEndpointsTests {
  private let clock = ManualCallClock()
  private let endpoints = ServiceRegistry(["users": [ServiceEndpoint(host: "10.0.0.9", port: 80)]])

  private func listing(_ isComplete: Bool, _ addresses: String...) -> RegistryListing {
    RegistryListing(
      isComplete: isComplete,
      services: addresses.isEmpty
        ? []
        : [
          .init(
            name: "orders",
            instances: addresses.map {
              .init(name: $0, endpoint: $0, lease: 30, endsInMilliseconds: 1)
            })
        ])
  }

  @Test("They are what it lists, and stay where it cannot be asked or has just begun")
  func following() async throws {
    let registry = try await RegistryUnderTest()
    let source = RegistryEndpoints(
      registry.url, token: nil, registry: endpoints, clock: clock)
    let running = Task { await source.run() }
    var looks: UInt64 = 0
    func look() async -> [String] {
      if looks > 0 { clock.advance(milliseconds: 2_000) }
      looks += 1
      let next = 1_000_000 + looks * 2_000
      await clock.sleeper(until: next...next)
      return endpoints["orders"].endpoints.map(\.description)
    }
    registry.listing.change { $0 = listing(true, "10.0.0.1:80", "10.0.0.2:80") }
    #expect(await look() == ["http://10.0.0.1:80", "http://10.0.0.2:80"])
    registry.status.change { $0 = .unauthorized }
    #expect(await look() == ["http://10.0.0.1:80", "http://10.0.0.2:80"])
    registry.status.change { $0 = .ok }
    registry.listing.change { $0 = listing(false, "10.0.0.2:80") }
    #expect(await look() == ["http://10.0.0.2:80", "http://10.0.0.1:80"])
    registry.listing.change { $0 = listing(false) }
    #expect(await look().count == 2)
    registry.listing.change { $0 = listing(true, "10.0.0.3:80") }
    #expect(await look() == ["http://10.0.0.3:80"])
    registry.listing.change { $0 = listing(true) }
    #expect(await look() == [])
    #expect(endpoints["users"].endpoints.count == 1)
    running.cancel()
    await running.value
    await registry.service.stop()
  }
}
