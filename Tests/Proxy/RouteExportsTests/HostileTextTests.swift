// SPDX-License-Identifier: Apache-2.0

import RouteExports
import RoutingDecisions
import Testing
import Yams

/// No text of a configuration becomes more than text in an exported file.
@Suite(.serialized, .timeLimit(.minutes(2))) struct HostileTextTests {
  private static let texts = [
    "x\"; } server { listen 1; } #", "x'; use_backend y if TRUE", "a\nserver { listen 1; }\n",
    "a\r\nbackend evil\r\n", "${PATH} $host %[env(PATH)]", "\\", "\\\"", "'", "{{ x }}",
    "- [a, b]: &c",
    "\u{0}\u{7F}\u{2028}é", "(?{x})", "^$|.*", " lead and trail ", "%REQ(:PATH)%", "",
  ]

  private func configuration() throws -> ProxyConfiguration {
    let routes = try Self.texts.enumerated().map { index, text in
      RouteConfiguration(
        name: "route-\(index)",
        match: RouteMatch(
          path: try PathTemplate(parsing: "/r\(index)/$&'()+,;=:@!/{x}"),
          headers: [
            FieldCondition("x-name", .equals(text)), FieldCondition("x'`|$%", .absent),
            FieldCondition("x.dot", .absent),
          ],
          query: text.isEmpty
            ? [] : [FieldCondition(text, .equals(text)), FieldCondition(text + "2", .absent)]),
        legacy: "legacy", upgrades: ["web'socket$`|"])
    }
    let last = RouteConfiguration(
      name: "default", match: RouteMatch(path: .everything), legacy: "include")
    let endpoint = NetworkAddress(host: "127.0.0.1", port: 1)
    return ProxyConfiguration(
      upstreams: ["legacy", "include"].map {
        UpstreamConfiguration(name: $0, target: .network([endpoint]))
      }, routes: routes + [last])
  }

  @Test(arguments: [ExportFormat.nginx, .haproxy, .envoy])
  func `programs read the file, and route by it`(format: ExportFormat) async throws {
    let served = try ServedConfiguration(configuration())
    defer { served.end() }
    let export = RouteExport(try RoutingTable(served.configuration), as: format)
    let expected = try ExpectedAnswers(served.configuration, seed: 21, count: 1_000)
    let proxy = try await ExportedProxy.start(export, port: served.port)
    let answers = try await ProxyClient.ask(expected.requests.map(\.head), port: served.port)
    await proxy.end()
    let differing = answers.indices.filter {
      expected.isExpressible($0, format) && !expected.agrees($0, answers[$0])
    }
    let told = differing.prefix(5).map {
      "\(expected.requests[$0]) is \(answers[$0]), not \(expected.answers[$0])"
    }
    #expect(differing.isEmpty, "\(told.joined(separator: "\n"))")
    let routes = Set(
      expected.answers.compactMap { answer in
        if case .upstream(let route, _) = answer { route } else { nil }
      })
    #expect(routes.count > 10)
  }

  @Test(arguments: ExportFormat.allCases)
  func `every line is one that the exporter wrote`(format: ExportFormat) throws {
    let table = try RoutingTable(configuration())
    let text = RouteExport(table, as: format).text
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let trimmed = line.drop { $0 == " " }
      #expect(
        !["server { listen 1", "backend evil", "use_backend y"].contains { trimmed.hasPrefix($0) })
      #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(line)")
    }
  }

  @Test func `YAML gives the texts back`() throws {
    let table = try RoutingTable(configuration())
    let documents = try Yams.load_all(yaml: RouteExport(table, as: .envoy).text).map { $0 }
    #expect(documents.count == 1)
    let values = Set(Self.strings(in: try #require(documents.first)))
    for text in Self.texts { #expect(values.contains(text), "\(text)") }
  }

  private static func strings(in value: Any) -> [String] {
    if let text = value as? String { return [text] }
    if let list = value as? [Any] { return list.flatMap { strings(in: $0) } }
    if let mapping = value as? [AnyHashable: Any] {
      return mapping.values.flatMap { strings(in: $0) }
    }
    return []
  }
}
