// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("Endpoints that change", .timeLimit(.minutes(1)))
struct EndpointTests {
  private func service(_ asked: Counter) async throws -> ServiceUnderTest {
    try await ServiceUnderTest { router in
      router.get("/") { _, _ in
        asked.add()
        return Response.text(.ok, "1")
      }
    }
  }

  @Test("Requests are dealt to all of them, and to who came as soon as it is there")
  func replacing() async throws {
    let counters = (0..<3).map { _ in Counter() }
    var services: [ServiceUnderTest] = []
    for counter in counters { services.append(try await service(counter)) }
    let entry = ServiceEntry("orders", endpoints: services.prefix(2).map(\.endpoint))
    let client = ServiceClient(entry)
    for _ in 0..<20 { _ = try await client.get("/", as: Int.self) }
    #expect(counters.map(\.count) == [10, 10, 0])
    entry.replace(services.suffix(2).map(\.endpoint))
    for _ in 0..<20 { _ = try await client.get("/", as: Int.self) }
    #expect(counters.map(\.count) == [10, 20, 10])
    await client.close()
    for service in services { await service.stop() }
  }

  @Test("A service that restarts elsewhere is found there, with no call lost")
  func movingOn() async throws {
    let first = Counter()
    let second = Counter()
    let old = try await service(first)
    let new = try await service(second)
    let entry = ServiceEntry("orders", endpoints: [old.endpoint])
    let client = ServiceClient(entry, policy: .eager)
    _ = try await client.get("/", as: Int.self)
    entry.replace([new.endpoint, old.endpoint])
    await old.stop()
    for _ in 0..<20 { _ = try await client.get("/", as: Int.self) }
    #expect(second.count == 20)
    await client.close()
    await new.stop()
  }
}
