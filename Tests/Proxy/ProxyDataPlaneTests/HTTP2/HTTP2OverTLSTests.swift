// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("HTTP/2 over TLS", .everyTransport, .timeLimit(.minutes(2)))
struct HTTP2OverTLSTests {
  private static func client(_ world: TLSWorld) throws -> TLSClientContext {
    try TLSClientContext(
      UpstreamTLS(ca: world.authority.file), protocols: [.http2, .http1], key: "client")
  }

  @Test func `a client that offers it is spoken to in HTTP2`() async throws {
    let world = try TLSWorld()
    let body = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 41) }
    let mirror: Origin.Behaviour = { connection, _ in
      while let request = try await connection.message() {
        try await connection.send(
          "HTTP/1.1 200 OK\r\nx-proto: \(request.value("x-forwarded-proto") ?? "")\r\n"
            + "content-length: \(request.body.readableBytes)\r\n\r\n")
        try await connection.send(request.body)
      }
    }
    try await Origin.run(mirror) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: Self.client(world)) { connection in
          let client = try HTTP2Client(connection)
          let calls = try (0..<4).map {
            try client.call("/\($0)", method: "POST", authority: "shop.example", body: body)
          }
          try await client.wait { calls.allSatisfy(\.isDone) }
          for call in calls {
            #expect(call.body == body && call.closeCode == 0)
            #expect(call.head["x-proto"] == "https")
          }
        }
      }
    }
  }

  @Test func `a gRPC call passes encrypted on both sides`() async throws {
    let world = try TLSWorld()
    let service = HTTP2Origin.answering { request in
      .answer(
        [(":status", "200"), ("content-type", "application/grpc")], body: request.body,
        trailers: [("grpc-status", request.value(":scheme") == "https" ? "0" : "13")])
    }
    let tls = try TLSServerContext(
      world.listener(), protocols: [.http2], tickets: world.tickets)
    try await Origin.run(tls: tls, service) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
        .listening(world.listener()).securing(UpstreamTLS(ca: world.authority.file))
      configuration.upstreams[0].wireProtocol = .http2
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: Self.client(world)) { connection in
          let client = try HTTP2Client(connection)
          for _ in 0..<3 {
            let call = try client.call(
              "/shop.Orders/Get", method: "POST", authority: "shop.example",
              [("content-type", "application/grpc"), ("te", "trailers")], body: [0, 0, 0, 0, 1, 7])
            try await client.answer(to: call)
            #expect(call.body == [0, 0, 0, 0, 1, 7] && call.trailers == ["grpc-status": "0"])
          }
        }
        #expect(origin.connections.value == 1)
      }
    }
  }
}
