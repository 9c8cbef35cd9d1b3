// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import ShadowTraffic
import Testing

struct ReplaySelectionTests {
  private static let exchanges = [
    exchange("GET", "http://shop:9001/orders/1?x=1#top"),
    exchange("POST", "http://shop:9001/orders", body: "{}"),
    exchange("HEAD", "http://SHOP:9001/health"),
  ]

  private static func exchange(
    _ method: String, _ url: String, body: String = ""
  ) -> RecordedExchange {
    RecordedExchange(
      startedAt: "", method: method, url: url,
      headers: [
        .init(name: "Host", value: "shop"), .init(name: ":path", value: "/"),
        .init(name: "Accept", value: "application/json"),
        .init(name: "Accept-Encoding", value: "br"),
        .init(name: "If-None-Match", value: "x"), .init(name: "Cookie", value: "session=1"),
        .init(name: "X-API-Key", value: "k"),
        .init(name: "Content-Length", value: "2"), .init(name: "X-User-ID", value: "7"),
      ], body: Array(body.utf8))
  }

  @Test func takesSafeRequestsOnlyUnlessToldOtherwise() throws {
    var options = ReplaySelection.Options()
    let safe = try ReplaySelection(Self.exchanges, options)
    #expect(safe.requests.map(\.target) == ["/orders/1?x=1", "/health"])
    #expect(safe.writes.map(\.method) == ["POST"])
    options.includesWrites = true
    let all = try ReplaySelection(Self.exchanges, options)
    #expect(all.requests.map(\.method) == ["GET", "POST", "HEAD"])
    #expect(all.requests.map(\.isSafe) == [true, false, true])
    #expect(all.requests[1].body == Array("{}".utf8))
    #expect(all.writes == [])
  }

  @Test func whatAsksForAnotherMethodIsAWrite() throws {
    var exchanges = ["", "?a=1&_method=PUT", "?%5Fmethod=PUT", "?_METHOD=put"].map {
      Self.exchange("GET", "http://shop:9001/orders/1" + $0)
    }
    exchanges.append(exchanges[0])
    exchanges[4].headers.append(.init(name: "X-HTTP-Method-Override", value: "DELETE"))
    let selection = try ReplaySelection(exchanges, ReplaySelection.Options())
    #expect(selection.requests.map(\.target) == ["/orders/1"])
    #expect(selection.writes.count == 4)
  }

  @Test func carriesNoCredentialsAndNothingThatHidesBodies() throws {
    var options = ReplaySelection.Options()
    options.headers = [.init(name: "x-user-id", value: "8")]
    let fields = try #require(try ReplaySelection(Self.exchanges, options).requests.first).headers
    #expect(fields.map(\.name) == ["Accept", "x-user-id"])
    #expect(fields.last?.value == "8")
    options.keepsCredentials = true
    let kept = try #require(try ReplaySelection(Self.exchanges, options).requests.first).headers
    #expect(kept.map(\.name) == ["Accept", "Cookie", "X-API-Key", "x-user-id"])
  }

  @Test func asksWhichAddressIsMeant() throws {
    let mixed = Self.exchanges + [Self.exchange("GET", "https://fonts.example/a.woff")]
    var options = ReplaySelection.Options()
    #expect(
      throws: ReplaySelection.Problem.severalOrigins([
        "http://shop:9001": 3, "https://fonts.example": 1,
      ])
    ) { try ReplaySelection(mixed, options) }
    options.origin = BaseAddress(parsing: "http://shop:9001/orders/")
    let selection = try ReplaySelection(mixed, options)
    #expect(selection.requests.map(\.target) == ["/1?x=1"])
    #expect(selection.writes.map(\.target) == ["/"])
    #expect(selection.elsewhere == 2)
  }

  @Test func leavesOutWhatIsNotWanted() throws {
    var options = ReplaySelection.Options()
    options.isWanted = { request in
      EndpointName.of(method: request.method, target: request.target) == "GET /orders/{id}"
    }
    let selection = try ReplaySelection(Self.exchanges, options)
    #expect(selection.requests.map(\.target) == ["/orders/1?x=1"])
    #expect(selection.unwanted == 2)
  }

  @Test(arguments: [
    ("http://127.0.0.1:9001", true), ("https://shop.example/base/", true), ("HTTP://a", true),
    ("127.0.0.1:9001", false), ("ftp://a", false), ("http://", false), ("http://a?x=1", false),
    ("http://user:pass@a", false),
  ])
  func addressesAreChecked(_ row: (String, Bool)) {
    #expect((BaseAddress(parsing: row.0) != nil) == row.1)
  }
}
