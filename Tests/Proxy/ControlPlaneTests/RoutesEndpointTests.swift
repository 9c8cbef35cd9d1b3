// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite(.timeLimit(.minutes(1))) struct RoutesEndpointTests {
  @Test func aChangeCanAskThatNothingChangedSince() async throws {
    try await AdminHarness().run { client in
      let seen = try await client.send(.get, "/routes/orders")
      let tag = try #require(seen.headers[.eTag])
      let order = #"{"percent": 10, "reason": "r"}"#
      let first = try await client.put(order, [.ifMatch: tag])
      #expect(first.status == 200)
      #expect(first.headers[.eTag] != tag)
      let late = try await client.put(order, [.ifMatch: tag])
      #expect(late.status == 412)
      #expect(late.headers[.eTag] == first.headers[.eTag])
      let statuses = [
        try await client.put(order, [.ifMatch: "*"]).status,
        try await client.put(order, [.ifMatch: "nonsense"]).status,
      ]
      #expect(statuses == [200, 400])
    }
  }

  @Test func listsRoutesWithTheirPercentages() async throws {
    try await AdminHarness().run { client in
      let answer = try await client.send(.get, "/routes")
      #expect(answer.status == 200)
      #expect(answer.headers[.contentType] == "application/json")
      #expect(answer.headers[.cacheControl] == "no-store")
      #expect(
        answer.body == """
          [
            {
              "extracted" : "orders",
              "fallback" : "safe-methods",
              "group" : "orders",
              "legacy" : "legacy",
              "match" : "/orders/**",
              "name" : "orders",
              "percent" : 5,
              "sticky" : [
                "header x-user-id",
                "client-address"
              ]
            },
            {
              "legacy" : "legacy",
              "match" : "/**",
              "name" : "rest"
            }
          ]

          """)
    }
  }

  @Test func changesAPercentageAndRemembersWhoAndWhy() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let first = try await client.put(
        #"{"percent": 12.34, "reason": "week\n two", "actor": "ada"}"#)
      #expect(first.status == 200)
      let second = try await client.put(#"{"percent": 0, "reason": "too slow"}"#)
      #expect(second.status == 200)
      let shown = try await client.send(.get, "/routes/orders")
      #expect(shown.body == second.body)
      #expect(shown.body.contains(#""percent" : 0"#))
      #expect(
        shown.body.contains(
          """
            "history" : [
              {
                "actor" : "ada (127.0.0.1)",
                "at" : "2026-11-23T12:00:00.250Z",
                "from" : 5,
                "reason" : "week two",
                "to" : 12.34
              },
              {
                "actor" : "127.0.0.1",
                "at" : "2026-11-23T12:00:00.250Z",
                "from" : 12.34,
                "reason" : "too slow",
                "to" : 0
              }
            ]
          """))
    }
    #expect(harness.routing.current.configuration.routes[0].percent == .zero)
    #expect(harness.routing.version == 3)
  }

  @Test(arguments: [
    (#"{"percent": 25}"#, 400, "reason: expected 1 to 500 characters"),
    (#"{"percent": 25, "reason": "  "}"#, 400, "reason: expected"),
    (#"{"percent": 25, "reason": "a\u0007b"}"#, 400, "reason: expected"),
    (#"{"percent": 25, "reason": 7}"#, 400, "reason: expected"),
    (#"{"reason": "x"}"#, 400, "percent: expected a number from 0 to 100 in steps of 0.01"),
    (#"{"percent": 100.01, "reason": "x"}"#, 400, "percent: expected"),
    (#"{"percent": -1, "reason": "x"}"#, 400, "percent: expected"),
    (#"{"percent": 0.005, "reason": "x"}"#, 400, "percent: expected"),
    (#"{"percent": 1e-9, "reason": "x"}"#, 400, "percent: expected"),
    (#"{"percent": "25", "reason": "x"}"#, 400, "percent: expected"),
    (#"{"percent": 25, "reason": "x", "b": 1, "a": 2}"#, 400, "Unknown members: a, b."),
    ("[25]", 400, "The body is not a JSON object."),
    ("{", 400, "The body is not a JSON object."),
    ("", 400, "The body is not a JSON object."),
  ])
  func refusesBadOrders(body: String, status: Int, detail: String) async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let answer = try await client.put(body)
      #expect(answer.status == status)
      #expect(answer.headers[.contentType] == "application/problem+json")
      #expect(answer.body.contains(detail), "\(answer.body)")
    }
    #expect(harness.routing.version == 1)
  }

  @Test func refusesABodyLargerThanTheLimit() async throws {
    try await AdminHarness().run { client in
      let reason = String(repeating: "x", count: 9000)
      let answer = try await client.put("{\"percent\": 1, \"reason\": \"\(reason)\"}")
      #expect(answer.status == 413)
    }
  }

  @Test func refusesAReasonLongerThanTheLimit() async throws {
    try await AdminHarness().run { client in
      let longest = String(repeating: "x", count: 500)
      let longer = try await client.put("{\"percent\": 1, \"reason\": \"x\(longest)\"}")
      #expect(longer.status == 400)
      let answer = try await client.put("{\"percent\": 1, \"reason\": \"\(longest)\"}")
      #expect(answer.status == 200)
    }
  }

  @Test func refusesWhatIsNotJSON() async throws {
    try await AdminHarness().run { client in
      let answer = try await client.send(
        .put, "/routes/orders", [.contentType: "text/plain"], body: "{}")
      #expect(answer.status == 415)
    }
  }

  @Test func namesARouteThatDoesNotExistOrCannotSplit() async throws {
    try await AdminHarness().run { client in
      let order = #"{"percent": 25, "reason": "x"}"#
      let unknown = try await client.put(order, to: "/routes/carts")
      #expect(unknown.status == 404)
      #expect(unknown.body.contains(#"There is no route \"carts\"."#))
      let unsplit = try await client.put(order, to: "/routes/rest")
      #expect(unsplit.status == 409)
      #expect(try await client.send(.get, "/routes/carts").status == 404)
    }
  }

  @Test func saysWhichMethodsAPathTakes() async throws {
    try await AdminHarness().run { client in
      let deletion = try await client.send(.delete, "/routes/orders")
      #expect(deletion.status == 405)
      #expect(deletion.headers[.allow] == "GET, HEAD, PUT")
      #expect(try await client.send(.post, "/metrics").status == 405)
      let nothing = try await client.send(.get, "/rutes")
      #expect(nothing.status == 404)
      #expect(nothing.headers[.contentType] == "application/problem+json")
      #expect(nothing.body.contains(", /routes, /routes/{name}, "))
    }
  }

  @Test func historyIsBounded() async throws {
    let harness = try AdminHarness()
    for step in 0...100 {
      try harness.routing.setPercent(
        route: "orders", to: try #require(Percentage(hundredths: step)), actor: "a",
        reason: "step \(step)", unixMilliseconds: 0)
    }
    let history = harness.routing.history(ofRoute: "orders")
    #expect(history.count == 100)
    #expect(history.first?.reason == "step 1")
    #expect(history.last?.reason == "step 100")
  }
}
