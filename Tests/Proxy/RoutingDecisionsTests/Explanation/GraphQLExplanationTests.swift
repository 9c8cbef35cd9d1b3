// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import RoutingDecisions
import Testing

@Suite struct GraphQLExplanationTests {
  private static func table() throws -> RoutingTable {
    var products = try RouteConfiguration("products", "/graphql")
    products.match.graphQL = GraphQLCondition(
      operations: ["Page"], rootFields: ["products", "product"], type: .query)
    var writes = try RouteConfiguration("writes", "/graphql")
    writes.match.graphQL = GraphQLCondition(type: .mutation)
    return try RoutingTable(
      ProxyConfiguration(routes: [
        products, writes, try RouteConfiguration("graphql", "/graphql"),
        try RouteConfiguration("rest", "/**"),
      ]))
  }

  private static func route(_ body: String, _ request: String = "POST /graphql") throws -> String {
    try table().explain(RequestText(request, body: body)).route?.name ?? "none"
  }

  @Test(arguments: [
    (#"{"query":"{ products { id } }"}"#, "products"),
    (#"{"query":"{ product { id } p: products { id } __typename }"}"#, "products"),
    (#"{"query":"{ __typename }"}"#, "graphql"),
    (#"{"query":"{ products { id } cart { id } }"}"#, "graphql"),
    (#"{"query":"query Page { cart { id } }"}"#, "products"),
    (#"{"query":"mutation Page { products { id } }"}"#, "writes"),
    (#"{"query":"mutation { buy }"}"#, "writes"),
    // Of a persisted query nobody knows whether it reads or writes.
    (#"{"operationName":"Page"}"#, "graphql"),
    (#"[{"query":"{ products { id } }"}]"#, "graphql"),
    ("", "graphql"),
  ])
  func operationsAreToldApart(body: String, expected: String) throws {
    #expect(try Self.route(body) == expected, "\(body)")
  }

  @Test func whatAnotherPathHasExecutedIsOfNoMatter() throws {
    #expect(try Self.route(#"{"query":"{ products { id } }"}"#, "POST /orders") == "rest")
  }

  @Test func saysWhatTheRequestHasExecuted() throws {
    let text = try Self.table().explain(
      RequestText("POST /graphql", body: #"{"query":"query Shop { cart { id } }"}"#)
    ).text
    #expect(text.contains("graphql   query Shop { cart }\n"), "\(text)")
    #expect(text.contains("products  /graphql  GraphQL operation does not match"), "\(text)")
    #expect(text.contains("route     graphql (/graphql)"), "\(text)")
    let open = try Self.table().explain(RequestText("POST /graphql", body: "{")).text
    #expect(open.contains("graphql   cannot be told: malformed"), "\(open)")
  }

  @Test func oneLineNamesTheCondition() throws {
    let routes = try Self.table().configuration.routes
    #expect(
      routes[0].match.summary == "/graphql graphql query products,product or operation Page")
    #expect(routes[1].match.summary == "/graphql graphql mutation")
  }

  @Test func withoutADefaultItIsSaid() throws {
    var only = try RouteConfiguration("only", "/graphql")
    only.match.graphQL = GraphQLCondition(rootFields: ["a"])
    let found = ProxyConfiguration(routes: [only]).diagnostics().map(\.message)
    #expect(found.contains { $0.contains("whose operation cannot be told are answered 404") })
  }
}
