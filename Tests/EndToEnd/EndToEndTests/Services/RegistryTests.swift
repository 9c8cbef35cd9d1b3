// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServerPrograms
import Testing

/// Real instances of the orders service register with the real proxy, get its traffic, leave, and
/// die.
@Suite("Instances that register with a proxy", .timeLimit(.minutes(3)))
struct RegistryTests {
  private struct Listing: Decodable {
    struct Service: Decodable {
      struct Instance: Decodable { let name: String }
      let instances: [Instance]
    }

    let services: [Service]
  }

  private struct Order: Decodable { let id: Int }

  private final class Proxy: Sendable {
    static let token = "staple of the registry"

    let program: RunningProgram
    let url: String
    let admin: String
    private let scratch: Scratch

    /// - Parameter more: settings of the registry.
    init(_ name: String, _ scratch: Scratch, more: String = "") async throws {
      self.scratch = scratch
      try scratch.write(Self.token, to: "registry.token")
      let file = try scratch.write(
        """
        proxy:
          listen: 127.0.0.1:0
          admin: 127.0.0.1:0
          admin-token-file: \(scratch.path)/admin.token
          registry: { token-file: \(scratch.path)/registry.token\(more) }
          workers: 1
        upstreams: { orders: { registry: orders } }
        routes: [ { name: all, match: { path: /** }, legacy: orders } ]

        """, to: "\(name).yaml")
      program = try Executable.strangler.start(["proxy", "--config", file])
      url = "http://" + (try await program.text(after: "proxy listening on "))
      admin = "http://" + (try await program.text(after: "admin listening on "))
    }

    /// An instance that serves, and has registered with one of these proxies.
    static func instance(
      of proxies: [Proxy], _ scratch: Scratch
    ) async throws -> RunningProgram {
      let program = try Executable.ordersService.start(
        ["--port", "0", "--lease", "5", "--registry-token-file", scratch.path + "/registry.token"]
          + proxies.flatMap { ["--registry", $0.admin] })
      _ = try await program.text(after: "Registered")
      return program
    }

    func get(_ path: String) async throws -> UInt {
      var request = HTTPClientRequest(url: url + path)
      request.headers.add(name: "x-user-id", value: "ann")
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
      _ = try await answer.body.collect(upTo: 1 << 20)
      return answer.status.code
    }

    /// Statuses of that many requests.
    func statuses(_ path: String, _ count: Int) async throws -> [UInt: Int] {
      var statuses: [UInt: Int] = [:]
      for _ in 0..<count { statuses[try await get(path), default: 0] += 1 }
      return statuses
    }

    /// Asks until that many are listed; meanwhile sends requests, and tells how many failed.
    func sends(until count: Int, within limit: Duration = .seconds(20)) async throws -> Int {
      let deadline = ContinuousClock.now + limit
      var failed = 0
      while try await instances() != count {
        try #require(ContinuousClock.now < deadline)
        if try await get("/orders/1") != 200 { failed += 1 }
      }
      return failed
    }

    func instances() async throws -> Int {
      var request = HTTPClientRequest(url: admin + "/registry")
      request.headers.add(name: "authorization", value: "Bearer \(Self.token)")
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
      let body = try await answer.body.collect(upTo: 1 << 20)
      return try JSONDecoder().decode(Listing.self, from: Data(body.readableBytesView))
        .services.flatMap(\.instances).count
    }

    /// Writes an order; it is known to the instance that took it, and to no other.
    func order() async throws -> String {
      var request = HTTPClientRequest(url: url + "/orders")
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/json")
      request.headers.add(name: "x-user-id", value: "ann")
      request.body = .bytes(
        ByteBuffer(string: #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#))
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
      try #require(answer.status == .created)
      let body = try await answer.body.collect(upTo: 1 << 20)
      let order = try JSONDecoder().decode(Order.self, from: Data(body.readableBytesView))
      return "/orders/\(order.id)"
    }
  }

  @Test func `two get the traffic, one leaves without a failure, one dies and is forgotten`()
    async throws
  {
    let scratch = try Scratch()
    let proxy = try await Proxy("proxy", scratch)
    #expect(try await proxy.get("/orders/1") == 503)
    let one = try await Proxy.instance(of: [proxy], scratch)
    let two = try await Proxy.instance(of: [proxy], scratch)
    #expect(try await proxy.instances() == 2)
    let order = try await proxy.order()
    let both = try await proxy.statuses(order, 40)
    #expect(both == [200: 20, 404: 20])
    // It takes requests until nobody has been told of it any more.
    one.signal(SIGTERM)
    #expect(try await proxy.sends(until: 1) == 0)
    #expect(try await proxy.statuses("/orders/1", 100) == [200: 100])
    let end = await one.outcome()
    #expect(end.exitCode == 0 && end.errors.contains("Deregistered"), "\(end.errors)")
    let three = try await Proxy.instance(of: [proxy], scratch)
    two.signal(SIGKILL)
    _ = await two.outcome()
    // What meets the dead one is asked of the other one.
    #expect(try await proxy.sends(until: 1) == 0)
    #expect(try await proxy.statuses("/orders/1", 50) == [200: 50])
    three.signal(SIGTERM)
    _ = await three.outcome()
    #expect(try await proxy.instances() == 0)
    proxy.program.signal(SIGTERM)
    let log = await proxy.program.outcome().errors
    for line in [
      "instance registered", "instance deregistered", "instance's lease ended",
      "endpoint registered", "endpoint deregistered",
    ] {
      #expect(log.contains(line), "\(log)")
    }
  }

  @Test func `a proxy that takes over knows who registered with the older one`() async throws {
    let scratch = try Scratch()
    let ports = try FreePorts.find(2)
    try scratch.write(Proxy.token, to: "registry.token")
    let file = try scratch.write(
      """
      proxy:
        listen: 127.0.0.1:\(ports[0])
        admin: 127.0.0.1:\(ports[1])
        admin-token-file: \(scratch.path)/admin.token
        registry: { token-file: \(scratch.path)/registry.token }
      upstreams: { orders: { registry: orders } }
      routes: [ { name: all, match: { path: /** }, legacy: orders } ]

      """, to: "strangler.yaml")
    let older = try Executable.strangler.start(["proxy", "--config", file])
    _ = try await older.text(after: "admin listening on ")
    let instance = try Executable.ordersService.start([
      "--port", "0", "--registry-token-file", scratch.path + "/registry.token", "--registry",
      "http://127.0.0.1:\(ports[1])",
    ])
    _ = try await instance.text(after: "Registered")
    let newer = try Executable.strangler.start(["proxy", "--config", file, "--take-over"])
    _ = try await newer.text(after: "proxy listening on ")
    older.signal(SIGTERM)
    _ = await older.outcome()
    // Its lease is 30 seconds: it had no reason to say anything meanwhile.
    for _ in 0..<20 {
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(ports[0])/orders/1")
      request.headers.add(name: "x-user-id", value: "ann")
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
      #expect(answer.status == .ok)
    }
    instance.signal(SIGTERM)
    _ = await instance.outcome()
    newer.signal(SIGTERM)
    _ = await newer.outcome()
  }

  #if PostgreSQL
    @Test func `proxies that share a registry go on while the database is away`() async throws {
      let (server, scratch) = (try await PostgreSQLProgram.start(), try Scratch())
      let more = ", url: \"\(server.address)\""
      let left = try await Proxy("left", scratch, more: more)
      let right = try await Proxy("right", scratch, more: more)
      // Registered with one, known to both.
      let one = try await Proxy.instance(of: [left], scratch)
      _ = try await right.sends(until: 1)
      #expect(try await right.statuses("/orders/1", 20) == [200: 20])
      await server.stop()
      _ = try await left.program.text(after: "cut off from the shared registry")
      _ = try await right.program.text(after: "cut off from the shared registry")
      _ = try await one.text(after: "Renewing the lease failed")
      // Longer than its lease.
      let end = ContinuousClock.now + .seconds(8)
      while ContinuousClock.now < end {
        #expect(try await left.get("/orders/1") == 200)
        #expect(try await right.get("/orders/1") == 200)
      }
      try await server.restart()
      _ = try await left.program.text(after: "the shared registry can be reached again")
      _ = try await right.program.text(after: "the shared registry can be reached again")
      #expect(try await left.statuses("/orders/1", 50) == [200: 50])
      #expect(try await right.statuses("/orders/1", 50) == [200: 50])
      one.signal(SIGTERM)
      let log = await one.outcome().errors
      #expect(log.contains("Deregistered"), "\(log)")
      _ = try await right.sends(until: 0)
      for proxy in [left, right] {
        proxy.program.signal(SIGTERM)
        _ = await proxy.program.outcome()
      }
      await server.stop()
    }
  #endif
}
