// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import GatewayComposition
import RoutingDecisions
import Testing

@Suite("Settings of composed answers") struct CompositionSettingTests {
  private static func load(_ parts: String, _ rest: String = "", route: String = "")
    -> DecodedConfiguration
  {
    ConfigurationFile.decode(
      """
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001] }
        orders: { endpoints: [127.0.0.1:9002] }
        account:
          compose:
            parts:
              \(parts)
            \(rest)
      routes:
        - name: account
          match: { path: "/accounts/{id}", methods: [GET] \(route) }
          legacy: legacy
          extracted: account
        - { name: rest, match: { path: /** }, legacy: orders }
      """, file: "a.yaml")
  }

  @Test("The file that shows every setting")
  func complete() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs/composition.yaml").standardized
    let configuration = try ConfigurationFile.load(file.path).get()
    let plan = try #require(configuration.upstreams.last?.composition)
    #expect(plan.deadline == .seconds(3))
    #expect(plan.upstreams == ["customers", "legacy", "orders"])
    let (customer, orders) = (plan.parts[0], plan.parts[1])
    #expect(customer.isRequired && customer.timeout == .seconds(2))
    #expect(customer.maximumBytes == 64 << 10)
    #expect(
      customer.fallback
        == .upstream("legacy", path: try PartPath(parsing: "/api/customers/{id}")))
    #expect(!orders.isRequired && orders.maximumBytes == 1 << 20)
    #expect(orders.fallback == .value("[]"))
    #expect(orders.cacheControl?.description == "max-age=10")
    #expect(
      plan.answer.description == "{\"name\":$customer.name,\"address\":$customer.address,"
        + "\"latest\":$orders.0,\"orders\":$orders,\"version\":2}")
    let condition = try #require(configuration.routes[1].match.graphQL)
    #expect(
      condition.operations == ["ProductPage"] && condition.rootFields == ["products", "product"])
    #expect(condition.type.map { "\($0)" } == "query")
  }

  @Test("A part has a breaker unless told otherwise: somebody goes on without it")
  func breaker() throws {
    let configuration = try Self.load("a: { upstream: orders, path: /x }").get()
    #expect(configuration.upstreams.map(\.name) == ["legacy", "orders", "account"])
  }

  @Test(
    "What is wrong with parts and template is said where it stands",
    arguments: [
      ("{}", "", "upstreams.account.compose.parts: expected at least one part"),
      ("a: { path: /x }", "", "parts.a.upstream: missing"),
      ("a: { upstream: orders }", "", "parts.a.path: missing"),
      ("a: { upstream: order, path: /x }", "", "there is no upstream \"order\""),
      ("a: { upstream: account, path: /x }", "", "\"account\" is composed itself"),
      ("a: { upstream: orders, path: \"/x/{user}\" }", "", "/accounts/{id} has no {user}"),
      ("a: { upstream: orders, path: x }", "", "expected a path that starts with"),
      ("a: { upstream: orders, path: \"/{query.q}\" }", "", "can stand in the query only"),
      ("a: { upstream: orders, path: /x, timeout: 0ms }", "", "expected a duration from 1ms"),
      ("a: { upstream: orders, path: /x, max-bytes: 32MiB }", "", "found 33554432"),
      ("a: { upstream: orders, path: /x, cache-control: often }", "", "expected directives"),
      ("a: { upstream: orders, path: /x, fallback: { } }", "", "expected { value } or"),
      (
        "a: { upstream: orders, path: /x, fallback: { upstream: orders } }", "",
        "is the one that failed"
      ),
      ("a: { upstream: orders, path: /x, retries: 2 }", "", "unknown key"),
      ("a: { upstream: orders, path: /x }", "answer: { x: $b }", "there is no part \"b\""),
      ("a: { upstream: orders, path: /x }", "answer: [$a]", "expected an object"),
      ("a: { upstream: orders, path: /x }", "answer: { _errors: $a }", "choose another name"),
      ("a: { upstream: orders, path: /x }", "answer: { x: 1 }", "nothing of the part \"a\""),
      ("a: { upstream: orders, path: /x }", "deadline: 0ms", "expected a duration from 1ms"),
    ])
  func mistakes(parts: String, rest: String, expected: String) {
    let found = Self.load(parts, rest).diagnostics.map(\.description)
    #expect(found.count == 1, "\(found)")
    #expect(found.allSatisfy { $0.contains(expected) && $0.hasPrefix("a.yaml:") }, "\(found)")
  }

  @Test("Only requests that change nothing lead to a composed answer")
  func methods() {
    let text = """
      upstreams:
        orders: { endpoints: [127.0.0.1:9002] }
        account: { compose: { parts: { a: { upstream: orders, path: /x } } } }
      routes:
        - { name: account, match: { path: /accounts, methods: [GET, POST] }, legacy: account }
        - { name: rest, match: { path: /** }, legacy: account }
      """
    let found = ConfigurationFile.decode(text, file: "a.yaml").diagnostics.map(\.description)
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0.contains("which GET and HEAD alone may ask for") }, "\(found)")
  }

  @Test(
    "It has no endpoints, and nothing that belongs to them",
    arguments: [
      "health-check: { path: /x }", "balance: least-requests", "protocol: h2", "tls: true",
    ]
  )
  func lacks(setting: String) {
    let found = Self.load("a: { upstream: orders, path: /x }").diagnostics
    #expect(found == [])
    let text = """
      upstreams:
        orders: { endpoints: [127.0.0.1:9002] }
        account:
          compose: { parts: { a: { upstream: orders, path: /x } } }
          \(setting)
      routes:
        - { name: account, match: { path: /accounts, methods: [GET] }, legacy: account }
        - { name: rest, match: { path: /** }, legacy: orders }
      """
    let errors = ConfigurationFile.decode(text, file: "a.yaml").diagnostics.map(\.description)
    #expect(errors.count == 1)
    #expect(errors.allSatisfy { $0.contains("no endpoints of its own") }, "\(errors)")
  }

  @Test(
    "Conditions on GraphQL operations say what is wrong with them",
    arguments: [
      (", graphql: {}", "expected { operations"),
      (", graphql: { type: read }", "expected one of query, mutation, subscription"),
      (", graphql: { root-fields: [] }", "an empty list takes no request"),
      (", graphql: { operations: [a-b] }", "expected a name such as products"),
      (", graphql: { fields: [a] }", "unknown key"),
    ])
  func graphQL(route: String, expected: String) {
    let found = Self.load("a: { upstream: orders, path: /x }", route: route).diagnostics
      .filter { $0.severity == .error }.map(\.description)
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }
}
