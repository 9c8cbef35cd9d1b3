// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServiceCalls
import ServiceClient
import ServiceTesting
import Testing

@Suite("Endpoints from a file", .timeLimit(.minutes(1)))
struct DiscoveryTests {
  private static let first = ServiceEndpoint(host: "10.0.0.4", port: 80)
  private static let second = ServiceEndpoint(host: "10.0.0.5", port: 80)

  private let clock = ManualCallClock()
  private let registry = ServiceRegistry(["users": [first]])

  @Test("What it says last holds, and what it cannot be understood by changes nothing")
  func file() async throws {
    let folder = URL.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "endpoints.json")
    try Data(#"{"orders": ["http://10.0.0.4"], "stock": ["http://10.0.0.5"]}"#.utf8).write(to: file)
    let source = EndpointFile(file.path(percentEncoded: false), registry: registry, clock: clock)
    let running = Task { await source.run() }

    var looks: UInt64 = 0
    /// Returns once the file was looked at again.
    func look() async {
      if looks > 0 { clock.advance(milliseconds: 1_000) }
      looks += 1
      let next = 1_000_000 + looks * 1_000
      await clock.sleeper(until: next...next)
    }
    await look()
    #expect(registry["orders"].endpoints == [Self.first])
    #expect(registry["stock"].endpoints == [Self.second])

    try Data(#"{"orders": ["http://10.0.0.5", "http://10.0.0.4"]}"#.utf8).write(to: file)
    await look()
    #expect(registry["orders"].endpoints == [Self.second, Self.first])
    #expect(registry["stock"].endpoints == [])
    #expect(registry["users"].endpoints == [Self.first])

    for wrong in ["", #"{"orders": ["#, #"{"orders": ["10.0.0.4"]}"#] {
      try Data(wrong.utf8).write(to: file)
      await look()
      #expect(registry["orders"].endpoints.count == 2)
    }
    try FileManager.default.removeItem(at: file)
    await look()
    #expect(registry["orders"].endpoints.count == 2)

    try Data(#"{"orders": []}"#.utf8).write(to: file)
    await look()
    #expect(registry["orders"].endpoints == [])
    running.cancel()
    await running.value
  }
}

@Suite("Endpoints from DNS", .timeLimit(.minutes(1)))
struct DNSNamesTests {
  private struct NoAnswer: Error {}

  private let clock = ManualCallClock()
  private let registry = ServiceRegistry()

  @Test("Each address of a name is an endpoint; a name that cannot be looked up keeps its own")
  func lookUp() async throws {
    let answer = Recorder<[String]?>(["10.0.0.5", "10.0.0.4", "10.0.0.5", "fd00::1"])
    let source = DNSNames(
      ["orders": .init("orders.internal", port: 8080)], registry: registry, clock: clock
    ) { host in
      #expect(host == "orders.internal")
      guard let addresses = answer.value else { throw NoAnswer() }
      return addresses
    }
    let running = Task { await source.run() }
    let both = ["http://10.0.0.4:8080", "http://10.0.0.5:8080", "http://[fd00::1]:8080"]
    await clock.sleeper(until: 1_005_000...1_005_000)
    #expect(registry["orders"].endpoints.map(\.description) == both)

    answer.change { $0 = nil }
    clock.advance(milliseconds: 5_000)
    await clock.sleeper(until: 1_010_000...1_010_000)
    #expect(registry["orders"].endpoints.map(\.description) == both)

    answer.change { $0 = ["10.0.0.6"] }
    clock.advance(milliseconds: 5_000)
    await clock.sleeper(until: 1_015_000...1_015_000)
    #expect(registry["orders"].endpoints.map(\.description) == ["http://10.0.0.6:8080"])
    running.cancel()
    await running.value
  }

  @Test("The system's resolver knows this machine, and says what it does not know")
  func system() async throws {
    let addresses = try await DNSNames.addresses(of: "localhost")
    #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
    #expect(Set(addresses).count == addresses.count)
    await #expect(throws: DNSNames.LookUpError.self) {
      _ = try await DNSNames.addresses(of: "orders.invalid")
    }
  }
}
