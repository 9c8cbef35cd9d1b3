// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Composed answers", .everyTransport, .timeLimit(.minutes(2)))
struct CompositionTests {
  private static let get = "GET /accounts/7 HTTP/1.1\r\nHost: shop\r\n\r\n"

  @Test("Two parts become one answer, by the template, with what the path says")
  func merges() async throws {
    let echo = Origin.answering { request in
      let target = request.startLine.split(separator: " ")[1]
      let text = "{\"asked\":\"\(target)\",\"by\":\"\(request.value("x-user") ?? "")\"}"
      return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    try await Origin.run(echo) { customers in
      try await Origin.run(Origin.json("{\"items\":[1.50,{\"a\":null}]}")) { orders in
        let configuration = try ProxyConfiguration.composed(
          ["customers": customers.port, "orders": orders.port],
          parts: [.part("customers", required: true), .part("orders")],
          answer: AnswerTemplate([
            .init("customer", .reference(part: "customers", path: [])),
            .init("items", .reference(part: "orders", path: ["items"])),
            .init("version", .literal("2")),
          ]))
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(
              "GET /accounts/7?x=1 HTTP/1.1\r\nHost: shop\r\nx-user: u\r\nIf-None-Match: \"a\"\r\n"
                + "Range: bytes=0-1\r\n\r\n")
            let answer = try #require(try await client.message())
            #expect(answer.status == 200)
            #expect(
              answer.text == "{\"customer\":{\"asked\":\"/customers/7\",\"by\":\"u\"},"
                + "\"items\":[1.50,{\"a\":null}],\"version\":2}")
            #expect(answer.value("content-type") == "application/json")
            #expect(answer.value("cache-control") == "no-cache")
            try await client.send("HEAD /accounts/7 HTTP/1.1\r\nHost: shop\r\n\r\n\(Self.get)")
            let head = try #require(try await client.message(isAnswerToHead: true))
            #expect(head.status == 200)
            #expect(head.value("content-length") != "0")
            #expect(try await client.message()?.status == 200)
          }
        }
      }
    }
  }
}
