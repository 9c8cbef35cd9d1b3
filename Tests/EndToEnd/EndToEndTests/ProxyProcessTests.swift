// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// The real programs over real sockets: the shop, the orders service and the proxy, one process
/// each.
@Suite(.timeLimit(.minutes(3)))
struct ProxyProcessTests {
  @Test func `traffic moves by one call and returns by another`() async throws {
    try await Programs.running { programs in
      let before = try await programs.sides(users: 200)
      #expect(before.extracted == 0)
      try await programs.setPercent(50)
      let half = try await programs.sides(users: 200)
      #expect((60...140).contains(half.extracted))
      let again = try await programs.sides(users: 200)
      #expect(again.extractedUsers == half.extractedUsers, "a user changed sides")
      try await programs.setPercent(100)
      let all = try await programs.sides(users: 200)
      #expect(all.extracted == 200)
      try await programs.setPercent(0)
      #expect(try await programs.sides(users: 200).extracted == 0)
      let metrics = try await programs.get(programs.admin + "/metrics").body
      #expect(metrics.contains("strangler_requests_total"))
    }
  }

  @Test func `a killed service costs no read, and a write is refused by name`() async throws {
    try await Programs.running { programs in
      try await programs.setPercent(100)
      #expect(try await programs.sides(users: 20).extracted == 20)
      programs.orders.signal(SIGKILL)
      _ = await programs.orders.outcome()
      let after = try await programs.sides(users: 50)
      #expect(after.failed == 0)
      #expect(after.legacy == 50)
      let write = try await programs.send(
        .POST, programs.proxy + "/orders", user: "user-1",
        json: #"{"customerId":1,"lines":[]}"#)
      #expect([502, 503].contains(write.status))
      #expect(write.contentType == "application/problem+json")
      #expect(write.body.contains("orders"))
    }
  }

  @Test func `a refused change leaves everything as it was`() async throws {
    try await Programs.running { programs in
      for (route, body, status) in [
        ("orders", #"{"percent": 140, "reason": "too much"}"#, 400),
        ("orders", #"{"percent": 10}"#, 400),
        ("orders", "nonsense", 400),
        ("unknown", #"{"percent": 10, "reason": "who?"}"#, 404),
      ] {
        let answer = try await programs.send(
          .PUT, programs.admin + "/routes/\(route)", json: body)
        #expect(answer.status == status, "\(route) \(body)")
        #expect(answer.contentType == "application/problem+json")
      }
      #expect(try await programs.sides(users: 50).extracted == 0)
    }
  }

  @Test func `SIGTERM ends the proxy with 0 and a port that is taken ends it with 2`() async throws
  {
    try await Programs.running { programs in
      let scratch = try Scratch()
      let port = programs.proxy.split(separator: ":").last ?? ""
      let file = try scratch.write(
        Programs.configuration(listen: "127.0.0.1:\(port)", shop: "9", orders: "9"),
        to: "strangler.yaml")
      let second = try await Executable.strangler.run(["proxy", "--config", file])
      #expect(second.exitCode == 2)
      #expect(second.errors.contains(port))
      programs.proxyProgram.signal(SIGTERM)
      let outcome = await programs.proxyProgram.outcome()
      #expect(outcome.exitCode == 0)
    }
  }
}

/// Shop, orders service and proxy, started on free ports and stopped by their process ids.
final class Programs: Sendable {
  struct Answer {
    let status: Int
    let server: String?
    let contentType: String?
    let body: String
  }

  struct Sides {
    var legacy = 0
    var extractedUsers: Set<Int> = []
    var failed = 0
    var extracted: Int { extractedUsers.count }
  }

  let shop: RunningProgram
  let orders: RunningProgram
  let proxyProgram: RunningProgram
  let proxy: String
  let admin: String
  /// The proxy's configuration file.
  let file: String
  private let client: HTTPClient
  private let scratch: Scratch

  static func running(_ body: (Programs) async throws -> Void) async throws {
    let programs = try await Programs()
    do {
      try await body(programs)
    } catch {
      await programs.stop()
      throw error
    }
    await programs.stop()
  }

  private init() async throws {
    shop = try Executable.shopMonolith.start(["--port", "0"])
    orders = try Executable.ordersService.start(["--port", "0"])
    let shopPort = try await shop.port()
    let ordersPort = try await orders.port()
    scratch = try Scratch()
    file = try scratch.write(
      Self.configuration(listen: "127.0.0.1:0", shop: shopPort, orders: ordersPort),
      to: "strangler.yaml")
    proxyProgram = try Executable.strangler.start(["proxy", "--config", file])
    proxy = "http://" + (try await proxyProgram.text(after: "proxy listening on "))
    admin = "http://" + (try await proxyProgram.text(after: "admin listening on "))
    client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
  }

  static func configuration(listen: String, shop: String, orders: String) -> String {
    """
    proxy: { listen: \(listen), admin: 127.0.0.1:0, workers: 1 }
    upstreams:
      legacy: { endpoints: [127.0.0.1:\(shop)] }
      orders: { endpoints: [127.0.0.1:\(orders)] }
    routes:
      - name: orders
        match: { path: /orders/** }
        legacy: legacy
        extracted: orders
        percent: 0
        sticky: [ { header: x-user-id }, client-address ]
      - { name: everything-else, match: { path: /** }, legacy: legacy }

    """
  }

  private func stop() async {
    try? await client.shutdown()
    for program in [proxyProgram, orders, shop] {
      program.signal(SIGKILL)
      _ = await program.outcome()
    }
  }

  func setPercent(_ percent: Int) async throws {
    let answer = try await send(
      .PUT, admin + "/routes/orders", json: #"{"percent": \#(percent), "reason": "test"}"#)
    #expect(answer.status == 200)
  }

  /// One read of an order by each user, and who answered.
  func sides(users: Int) async throws -> Sides {
    var sides = Sides()
    for user in 0..<users {
      let answer = try await get(proxy + "/orders/\(user + 1)", user: "user-\(user)")
      if answer.status != 200 {
        sides.failed += 1
      } else if answer.server == "orders-service" {
        sides.extractedUsers.insert(user)
      } else if answer.server == "shop-monolith" {
        sides.legacy += 1
      }
    }
    return sides
  }

  func get(_ url: String, user: String? = nil) async throws -> Answer {
    try await send(.GET, url, user: user)
  }

  func send(
    _ method: HTTPMethod, _ url: String, user: String? = nil, json: String? = nil
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let user { request.headers.add(name: "x-user-id", value: user) }
    if let json {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: json))
    }
    let response = try await client.execute(request, timeout: .seconds(20))
    return Answer(
      status: Int(response.status.code), server: response.headers.first(name: "server"),
      contentType: response.headers.first(name: "content-type"),
      body: String(buffer: try await response.body.collect(upTo: 1 << 22)))
  }
}

extension RunningProgram {
  /// The port that a fixture's log line names.
  func port() async throws -> String {
    let line = try await text(after: "http://127.0.0.1:")
    return String(line.prefix(while: \.isNumber))
  }
}
