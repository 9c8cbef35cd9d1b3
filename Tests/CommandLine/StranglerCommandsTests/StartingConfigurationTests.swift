// SPDX-License-Identifier: Apache-2.0
import AnalysisReports
import ConfigurationFiles
import DependencyGraph
import RoutingDecisions
import SampleModels
import Testing

@testable import StranglerCommands

/// Both of the modules have one.
private typealias Renderer = AnalysisReports.RouteConfiguration

/// What `strangler init` and `analyze --format routes` write is accepted by the proxy, whatever
/// paths and names the code holds.
@Suite struct StartingConfigurationTests {
  private static let suggestion = BoundaryAnalysis().suggest(SampleShop.model)

  /// Pieces of paths that somebody writes one day.
  private static let pieces = [
    "größe", "gro\u{308}ße", "日本", "🛒", "naïve café", "50%", "100%25", "a%2Fb", "%zz", "%",
    "it's", "\"q\"", "{id}", "{größe}", "{}", "{id?}", "{id}.json", "{a}{b}", ":id", ":", ":größe",
    "*", "**", "", " ", "a b", "..", ".", "a\\b", "a\nb", "a\r\n- b", "#frag", "a?b=c", "x;y=1",
    "\u{FFFE}", "\u{FEFF}", "\u{202E}x", "\u{0}", "&amp;", "'", "`", "~", "a,b", "-", "{", "}",
    "[a]", "v1", "api", "orders", "payments", "health", "Orders",
  ]
  private static let names = [
    "größe", "grosse", "legacy", "legacy-service", "everything-else", "日本", "", "a b", "a: b",
    String(repeating: "lang", count: 40), "orders", "null", "-", ".", "x\ny", "# x",
  ]
  private static let methods = ["GET", "POST", "DELETE", "TRACE", "CONNECT", "*"]

  @Test(arguments: 0..<60)
  func `odd paths and names give a configuration that the proxy accepts`(seed: Int) throws {
    var random = Numbers(seed: UInt64(seed))
    var suggestion = Self.suggestion
    for index in suggestion.services.indices {
      suggestion.services[index].name = Self.names.randomElement(using: &random) ?? ""
      suggestion.services[index].routes = (0..<8).map { _ in
        let count = Int.random(in: 0...4, using: &random)
        let parts = (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }
        return DependencyGraph.Service.Route(
          method: Self.methods.randomElement(using: &random) ?? "GET",
          path: (Bool.random(using: &random) ? "/" : "") + parts.joined(separator: "/"))
      }
    }
    let rendered = Renderer().render(suggestion)
    let written = try StartingConfiguration(rendered, file: "strangler.yaml")
    let decoded = ConfigurationFile.decode(written.text, file: "strangler.yaml")
    #expect(decoded.configuration != nil, "seed \(seed): \(decoded.diagnostics)")
    #expect(decoded.diagnostics.filter { $0.message.contains("no route uses") }.isEmpty)
    let routes = Set(decoded.configuration?.routes.map(\.name) ?? [])
    #expect(routes.contains("everything-else") && routes.isDisjoint(with: written.leftOut))
    let guide = MovePlaybook(
      sources: ".", configuration: "strangler.yaml", routes: Renderer()
    ).render(suggestion, leavingOut: Set(written.leftOut))
    for name in guide.matches(of: /routes set ([^ ]+) 5/).map({ String($0.1) }) {
      #expect(routes.contains(name), "seed \(seed): the playbook moves \(name)")
    }
  }

  @Test func `what a proxy can say is said, and nothing of it is left out`() throws {
    var suggestion = Self.suggestion
    suggestion.services[0].name = "größe"
    suggestion.services[0].routes = [
      .init(method: "GET", path: "/größe"), .init(method: "GET", path: "/größe/{größe}"),
      .init(method: "GET", path: "/a b/:id"), .init(method: "*", path: "/50%/it's"),
      .init(method: "GET", path: "/\"quoted\"/**"), .init(method: "GET", path: ""),
    ]
    let written = try StartingConfiguration(
      Renderer().render(suggestion), file: "strangler.yaml")
    #expect(written.leftOut == [])
    let paths = ConfigurationFile.decode(written.text, file: "x").configuration?.routes
      .filter { $0.extracted == "grosse" }.map { $0.match.path.description }
    #expect(
      Set(paths ?? []) == [
        "/", "/%22quoted%22/**", "/50%25/it's", "/a%20b/**", "/gr%C3%B6%C3%9Fe/**",
      ])
  }

  @Test func `a route that cannot be told apart is a comment with its reason`() throws {
    var suggestion = Self.suggestion
    suggestion.services[0].routes = [
      .init(method: "GET", path: "/images/{name}.png"), .init(method: "GET", path: "/a/../b"),
    ]
    suggestion.services[1].routes = [.init(method: "GET", path: "/{image}.jpg")]
    let written = try StartingConfiguration(
      Renderer().render(suggestion), file: "strangler.yaml")
    #expect(written.text.contains("# left out, expected \"{name}\" for one whole segment"))
    // A service without any route has no place for requests to go to either.
    #expect(!written.text.contains("  \(suggestion.services[1].name): { endpoints"))
    #expect(written.services == suggestion.services.count - 1)
  }

  @Test(arguments: [
    ("127.0.0.1:8079", "127.0.0.1:8080"), ("127.0.0.1:65534", "127.0.0.1:65535"),
    ("127.0.0.1:9900", "127.0.0.1:8080"), ("[::1]:9001", "[::1]:8080"),
    ("127.0.0.1:1", "127.0.0.1:0"),
  ])
  func `services get ports that exist and that nobody has`(legacy: String, listen: String) throws {
    let port = try #require(legacy.split(separator: ":").last.flatMap { Int($0) })
    let rendered = Renderer(
      legacyPort: port, legacyHost: String(legacy.dropLast("\(port)".count + 1)), listen: listen
    ).render(Self.suggestion)
    let written = try StartingConfiguration(rendered, file: "strangler.yaml")
    #expect(written.leftOut == [] && written.services == Self.suggestion.services.count)
  }

  @Test func `a configuration too large for its comments goes without them`() throws {
    var suggestion = Self.suggestion
    suggestion.services[0].tables.owned = (0..<60_000).map { "a_table_with_a_long_name_\($0)" }
    let written = try StartingConfiguration(
      Renderer().render(suggestion), file: "strangler.yaml")
    #expect(written.text.utf8.count < 10_000 && written.leftOut == [])
  }
}

/// A reproducible sequence (SplitMix64).
private struct Numbers: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
