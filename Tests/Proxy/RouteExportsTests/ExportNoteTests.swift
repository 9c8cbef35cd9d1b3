// SPDX-License-Identifier: Apache-2.0

import Foundation
import RouteExports
import RoutingDecisions
import Testing
import Yams

@Suite struct ExportNoteTests {
  private func export(_ text: String, as format: ExportFormat) throws -> RouteExport {
    RouteExport(try RoutingTable(SampleConfigurations.decoded(text)), as: format)
  }

  private static let split = """
    upstreams:
      legacy: { endpoints: [127.0.0.1:9001] }
      orders: { endpoints: [127.0.0.1:9002] }
      shop: { module: shop }
    routes:
      - name: orders
        match: { path: /orders/** }
        legacy: legacy
        extracted: orders
        percent: 12.34
        sticky: [ { header: x-user-id }, { cookie: "a.b" }, client-address ]
      - { name: shop, match: { path: /shop }, legacy: shop }
      - { name: rest, match: { path: /** }, legacy: legacy }

    """

  @Test func `a share stays a share, and whose it is does not`() throws {
    let shares = [
      ExportFormat.nginx: "12.34% http://strangler_orders;", .haproxy: "lt 1234 }",
      .envoy: "weight: 1234", .gatewayAPI: "weight: 1234",
    ]
    for (format, share) in shares {
      let export = try export(Self.split, as: format)
      #expect(export.text.contains(share), "\(format)")
      let note = try #require(export.notes.first { $0.setting == "percent" })
      #expect(note.affects == .routing && note.route == "orders")
      #expect(!export.routesAlike)
    }
  }

  @Test func `a cookie that nginx cannot name is told of`() throws {
    let notes = try export(Self.split, as: .nginx).notes
    #expect(notes.contains { $0.setting == "sticky" && $0.instead.hasPrefix("cookie a.b is not") })
    #expect(try !export(Self.split, as: .envoy).notes.contains { $0.setting == "sticky" })
  }

  @Test func `0 and 100 percent are exact`() throws {
    for percent in ["0", "100"] {
      let text = Self.split.replacing("percent: 12.34", with: "percent: \(percent)")
        .replacing("{ name: shop, match: { path: /shop }, legacy: shop }", with: Self.other)
      for format in [ExportFormat.nginx, .haproxy, .envoy] {
        #expect(try export(text, as: format).routesAlike, "\(percent) \(format)")
      }
    }
  }

  private static let other = "{ name: shop, match: { path: /shop }, legacy: legacy }"

  @Test func `a module stays behind`() throws {
    for format in ExportFormat.allCases {
      let notes = try export(Self.split, as: format).notes
      let note = try #require(notes.first { $0.setting == "upstreams.shop" }, "\(format)")
      #expect(note.route == "shop")
      #expect(note.instead.contains(format == .gatewayAPI ? "500 is answered" : "503 is answered"))
    }
  }

  @Test func `composed answers and conditions on operations stay behind`() throws {
    let text = """
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001] }
        page: { compose: { parts: { all: { upstream: legacy, path: /all } } } }
      routes:
        - { name: page, match: { path: /page, methods: [GET] }, legacy: page }
        - { name: writes, match: { path: /graphql, graphql: { type: mutation } }, legacy: legacy }
        - { name: rest, match: { path: /** }, legacy: legacy }

      """
    for format in ExportFormat.allCases {
      let export = try export(text, as: format)
      let page = try #require(export.notes.first { $0.setting == "upstreams.page" }, "\(format)")
      #expect(page.route == "page" && page.instead.contains("composed of several"))
      let writes = try #require(export.notes.first { $0.setting == "match.graphql" }, "\(format)")
      #expect(writes.route == "writes" && writes.instead.contains("is left out"))
      #expect(!export.routesAlike)
    }
  }

  @Test func `the notes stand at the head and in the JSON`() throws {
    for format in ExportFormat.allCases {
      let export = try export(Self.split, as: format)
      let head = export.text.split(separator: "\n", omittingEmptySubsequences: false)
        .prefix { !$0.isEmpty }
      #expect(head.allSatisfy { $0.hasPrefix("#") })
      #expect(head.count { $0.hasPrefix("# - ") } == export.notes.count)
      let json = try JSONSerialization.jsonObject(with: Data(export.notesJSON.utf8))
      let document = try #require(json as? [String: Any])
      #expect(document["format"] as? String == format.rawValue)
      let notes = try #require(document["notes"] as? [[String: Any]])
      #expect(notes.compactMap { $0["instead"] as? String } == export.notes.map(\.instead))
      #expect(notes.allSatisfy { ["routing", "handling"].contains($0["affects"] as? String) })
    }
  }

  @Test func `each setting of the complete fixture is told of once`() throws {
    let configuration = try SampleConfigurations.complete()
    let export = RouteExport(try RoutingTable(configuration), as: .haproxy)
    let settings = export.notes.filter { $0.route == nil }.map(\.setting)
    for setting in [
      "trusted", "internal-headers", "admin", "access-log", "tracing", "journal", "limits",
      "cutovers", "shadow", "timeouts.total",
    ] {
      #expect(settings.count { $0 == setting } == 1, "\(setting): \(settings)")
    }
  }

  @Test func `what should be encrypted is never offered in clear to others`() throws {
    let text = """
      proxy:
        listen: 0.0.0.0:8443
        tls: { certificates: [ { certificate: shop.pem, key: shop.key } ] }
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001], tls: { server-name: shop.example } }
      routes:
        - { name: all, match: { path: /** }, legacy: legacy }

      """
    let haproxy = try export(text, as: .haproxy)
    #expect(haproxy.text.contains("bind 127.0.0.1:8443\n"))
    #expect(haproxy.notes.first?.setting == "tls")
    #expect(haproxy.text.contains("sni str(shop.example) verifyhost shop.example verify required"))
    let nginx = try export(text, as: .nginx)
    #expect(nginx.text.contains("listen 0.0.0.0:8443 ssl http2;"))
    #expect(nginx.notes.contains { $0.setting == "upstreams.legacy" && $0.affects == .routing })
    #expect(!nginx.text.contains("127.0.0.1:9001"))
    let envoy = try export(text, as: .envoy).text
    #expect(envoy.contains("DownstreamTlsContext") && envoy.contains("UpstreamTlsContext"))
    #expect(envoy.contains("'sni': shop.example\n"))
    #expect(envoy.contains("match_typed_subject_alt_names"))
  }
}

@Suite struct GatewayAPITests {
  private func documents(_ text: String) throws -> [[String: Any]] {
    let configuration = try SampleConfigurations.decoded(text)
    let export = RouteExport(try RoutingTable(configuration), as: .gatewayAPI)
    return try Yams.load_all(yaml: export.text).map { try #require($0 as? [String: Any]) }
  }

  @Test func `paths, methods and conditions are those of an HTTPRoute`() throws {
    let found = try documents(
      """
      upstreams:
        legacy: { endpoints: ["legacy.shop:9001"] }
        orders_v2.x: { endpoints: ["orders.shop:9002"] }
      routes:
        - name: exact
          match: { path: /orders, host: "*.shop.example", methods: [GET, POST] }
          legacy: legacy
          extracted: orders_v2.x
          percent: 100
        - name: prefix
          match:
            path: /orders/**
            headers: { x-client: web }
            query: { page: { present: true } }
          legacy: legacy
        - { name: expression, match: { path: "/orders/{id}" }, legacy: legacy }
        - { name: rest, match: { path: /** }, legacy: legacy }

      """)
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0["kind"] as? String == "HTTPRoute" })
    let specs = found.compactMap { $0["spec"] as? [String: Any] }
    let hosts = specs.map { $0["hostnames"] as? [String] }
    #expect(hosts == [["*.shop.example"], nil])
    let rules = specs.compactMap { $0["rules"] as? [[String: Any]] }
    #expect(rules.map(\.count) == [1, 3])
    let first = try #require(rules[0][0]["matches"] as? [[String: Any]])
    #expect(first.map { $0["method"] as? String } == ["GET", "POST"])
    let backends = try #require(rules[0][0]["backendRefs"] as? [[String: Any]])
    #expect(backends.map { $0["name"] as? String } == ["orders-v2-x"])
    #expect(backends.map { $0["port"] as? Int } == [9002])
    let paths = rules[1].compactMap { ($0["matches"] as? [[String: Any]])?.first?["path"] }
      .compactMap { $0 as? [String: String] }
    #expect(
      paths.map { $0["type"] } == ["RegularExpression", "PathPrefix", "PathPrefix"])
    #expect(paths.map { $0["value"] }.dropFirst() == ["/orders", "/"])
  }

  @Test func `what it cannot ask leaves a route out, and a note`() throws {
    let configuration = try SampleConfigurations.decoded(
      """
      upstreams: { legacy: { endpoints: ["legacy.shop:9001"] } }
      routes:
        - name: absent
          match: { path: /a, headers: { x-client: { present: false } } }
          legacy: legacy
        - { name: rest, match: { path: /** }, legacy: legacy }

      """)
    let export = RouteExport(try RoutingTable(configuration), as: .gatewayAPI)
    #expect(!export.text.contains("value: '/a'"))
    #expect(export.notes.contains { $0.route == "absent" && $0.affects == .routing })
  }
}
