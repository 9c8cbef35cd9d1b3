// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import ServerPrograms
import Testing

/// Configurations with a backend of its own for each upstream that has servers.
struct ServedConfiguration {
  let configuration: ProxyConfiguration
  let port: Int
  let backends: [String: NamedBackend]

  init(_ original: ProxyConfiguration) throws {
    var configuration = original
    let port = Int(try FreePorts.find(1)[0])
    configuration.listen = NetworkAddress(host: "127.0.0.1", port: port)
    var backends: [String: NamedBackend] = [:]
    for index in configuration.upstreams.indices {
      guard case .network = configuration.upstreams[index].target else { continue }
      let backend = try NamedBackend(configuration.upstreams[index].name)
      backends[configuration.upstreams[index].name] = backend
      configuration.upstreams[index].target = .network([
        NetworkAddress(host: "127.0.0.1", port: backend.port)
      ])
    }
    self.configuration = configuration
    self.port = port
    self.backends = backends
  }

  func end() {
    for backend in backends.values { backend.end() }
  }
}

enum SampleConfigurations {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The first configuration of the README.
  static func readme() throws -> ProxyConfiguration {
    let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let begin = try #require(text.range(of: "```yaml\n# strangler.yaml\n"))
    let end = try #require(text.range(of: "```", range: begin.upperBound..<text.endIndex))
    return try decoded(String(text[begin.upperBound..<end.lowerBound]))
  }

  /// The fixture with every setting, in clear.
  static func complete() throws -> ProxyConfiguration {
    let file = root.appending(path: "fixtures/configs/complete.yaml")
    var configuration = try decoded(String(contentsOf: file, encoding: .utf8))
    configuration.tls = nil
    for index in configuration.upstreams.indices {
      configuration.upstreams[index].tls = nil
      configuration.upstreams[index].wireProtocol = .http1
    }
    return configuration
  }

  static func decoded(_ text: String) throws -> ProxyConfiguration {
    try ConfigurationFile.decode(text, file: "sample.yaml").get()
  }

  /// Routes that overlap in every way, with texts that mean something to somebody.
  static func random(seed: UInt64) throws -> ProxyConfiguration {
    var random = SeededRandom(seed: seed)
    var routes: [RouteConfiguration] = []
    func one<Value>(of values: [Value]) throws -> Value {
      try #require(values.randomElement(using: &random))
    }
    for index in 0..<40 {
      var match = RouteMatch(path: try PathTemplate(parsing: one(of: paths)))
      if Bool.random(using: &random) {
        match.methods = try one(of: [["GET"], ["GET", "POST"], ["PURGE"]])
      }
      if Bool.random(using: &random) { match.host = HostPattern(parsing: try one(of: hosts)) }
      if Bool.random(using: &random) {
        let requirement = try one(of: requirements)
        match.headers = [FieldCondition(try one(of: ["x-client", "X-Tenant"]), requirement)]
      }
      if Bool.random(using: &random) {
        match.query = [
          FieldCondition(try one(of: ["page", "a b", "é'\"$&="]), try one(of: requirements))
        ]
      }
      var route = RouteConfiguration(name: "route-\(index)", match: match, legacy: "legacy")
      if index % 2 == 0 {
        route.extracted = try one(of: ["orders", "prices"])
        route.percent = try one(of: [.zero, .full])
      }
      let candidate = Self.configuration(routes + [route])
      if candidate.diagnostics().allSatisfy({ $0.severity == .warning }) { routes.append(route) }
    }
    return configuration(routes)
  }

  private static let paths = [
    "/a", "/a/", "/a/b", "/a/{x}", "/{x}/b", "/{x}/**", "/a/**", "/a/b/**", "/caf%C3%A9/{x}",
    "/a,b", "/a%2Cb", "/v1.0/{x}/c", "/x~y_z-w",
  ]
  private static let hosts = ["shop.example", "*.shop.example", "*.example", "[::1]"]
  private static let requirements: [FieldCondition.Requirement] = [
    .present, .absent, .equals("web"), .equals("it's \"$x\" \\; {}#&=+|%41"), .equals("é"),
  ]

  private static func configuration(_ routes: [RouteConfiguration]) -> ProxyConfiguration {
    let endpoint = NetworkAddress(host: "127.0.0.1", port: 1)
    return ProxyConfiguration(
      upstreams: ["legacy", "orders", "prices"].map {
        UpstreamConfiguration(name: $0, target: .network([endpoint]))
      }, routes: routes)
  }
}
