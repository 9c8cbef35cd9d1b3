// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct ConditionTests {
  private func takes(
    _ request: SampleRequest, when configure: (inout RouteMatch) -> Void
  ) throws -> Bool {
    var route = try RouteConfiguration("guarded", "/**")
    configure(&route.match)
    return try RoutingTable(ProxyConfiguration(routes: [route])).routeName(request) != nil
  }

  @Test(arguments: [
    ("shop.example", "shop.example", true), ("shop.example", "SHOP.Example:8080", true),
    ("shop.example", "shop.example.", true), ("Shop.Example", "shop.example", true),
    ("shop.example", "www.shop.example", false), ("shop.example", "", false),
    ("*.shop.example", "www.shop.example", true), ("*.shop.example", "a.b.shop.example:1", true),
    ("*.shop.example", "shop.example", false), ("*.shop.example", ".shop.example", false),
    ("*.shop.example", "wwwshop.example", false), ("[::1]", "[::1]:80", true),
    ("[::1]", "[::2]:80", false),
  ])
  func hostsMatchInAnyCaseAndWithAnyPort(pattern: String, host: String, isTaken: Bool) throws {
    var request = SampleRequest()
    request.host = host
    let pattern = try #require(HostPattern(parsing: pattern))
    #expect(try takes(request) { $0.host = pattern } == isTaken)
  }

  @Test(arguments: [
    (FieldCondition("x-beta", .equals("1")), [("X-BETA", "1")], true),
    (FieldCondition("X-Beta", .equals("1")), [("x-beta", "0"), ("x-beta", "1")], true),
    (FieldCondition("x-beta", .equals("a")), [("x-beta", "A")], false),
    (FieldCondition("x-beta", .equals("1")), [], false),
    (FieldCondition("x-beta", .present), [("x-beta", "")], true),
    (FieldCondition("x-beta", .present), [("x-beta2", "")], false),
    (FieldCondition("x-beta", .absent), [], true),
    (FieldCondition("x-beta", .absent), [("x-beta", "1")], false),
  ])
  func headers(condition: FieldCondition, headers: [(String, String)], isTaken: Bool) throws {
    var request = SampleRequest()
    request.headers = headers
    #expect(try takes(request) { $0.headers = [condition] } == isTaken)
  }

  @Test(arguments: [
    (FieldCondition("page", .equals("2")), "page=2", true),
    (FieldCondition("page", .equals("2")), "a=b&page=1&page=2", true),
    (FieldCondition("page", .equals("2")), "Page=2", false),
    (FieldCondition("page", .equals("2")), "page=22", false),
    (FieldCondition("q", .equals("a b&c")), "q=a+b%26c", true),
    (FieldCondition("q", .equals("")), "q", true),
    (FieldCondition("q", .equals("")), "&&q=&", true),
    (FieldCondition("q", .equals("%")), "q=%", true),
    (FieldCondition("q", .present), "p=q", false),
    (FieldCondition("q", .absent), "", true),
    (FieldCondition("q", .absent), "%71=1", false),
  ])
  func queryParametersAreDecoded(
    condition: FieldCondition, query: String, isTaken: Bool
  ) throws {
    var request = SampleRequest()
    request.query = query
    #expect(try takes(request) { $0.query = [condition] } == isTaken)
  }

  @Test func methodsAreComparedExactly() throws {
    for (method, isTaken) in [("GET", true), ("get", false), ("GE", false), ("GETS", false)] {
      #expect(try takes(SampleRequest(method)) { $0.methods = ["POST", "GET"] } == isTaken)
    }
  }
}
