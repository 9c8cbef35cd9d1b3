// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

/// The trie against the rule written down as plainly as possible.
@Suite struct ReferenceMatcherTests {
  @Test(arguments: [UInt64](1...60))
  func theTrieAgreesWithTheRule(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var routes: [RouteConfiguration] = []
    for index in 0..<Int.random(in: 1...40, using: &random) {
      var route = try RouteConfiguration("route-\(index)", Self.template(&random))
      let methods = ["GET", "POST"].filter { _ in Bool.random(using: &random) }
      if Bool.random(using: &random) { route.match.methods = methods }
      let candidate = ProxyConfiguration(routes: routes + [route])
      if candidate.diagnostics().allSatisfy({ $0.severity == .warning }) { routes.append(route) }
    }
    let table = try RoutingTable(ProxyConfiguration(routes: routes))
    let precedence = table.routesByPrecedence
    #expect(precedence.sorted() == Array(routes.indices))
    for _ in 0..<400 {
      let method = Bool.random(using: &random) ? "GET" : "POST"
      let request = SampleRequest(method, Self.path(&random))
      let taking = table.routeName(request)
      #expect(
        taking == Self.expected(request, routes),
        "seed \(seed): \(request.method) \(request.path)")
      // The same rule as one order of all routes.
      let first = precedence.first { Self.expected(request, [routes[$0]]) != nil }
      #expect(
        taking == first.map { routes[$0].name },
        "seed \(seed): \(request.method) \(request.path)")
    }
  }

  private static func template(_ random: inout SeededRandom) -> String {
    let segments = (0..<Int.random(in: 0...4, using: &random)).map { _ in
      ["a", "b", "{x}", "%61b", "{y}"].randomElement(using: &random) ?? ""
    }
    let text = segments.map { "/" + $0 }.joined()
    return Bool.random(using: &random) ? text + "/**" : text.isEmpty ? "/" : text
  }

  private static func path(_ random: inout SeededRandom) -> String {
    let segments = (0..<Int.random(in: 0...5, using: &random)).map { _ in
      ["a", "b", "c", "ab", "%61", "%61%62", ""].randomElement(using: &random) ?? ""
    }
    return "/" + segments.joined(separator: "/")
  }

  /// Best of all routes that fit: literal over parameter over `/**` from the left, then more
  /// conditions, then file order.
  private static func expected(
    _ request: SampleRequest, _ routes: [RouteConfiguration]
  ) -> String? {
    let path = request.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      .map { String($0.replacing("%61", with: "a").replacing("%62", with: "b")) }
    let fitting = routes.enumerated().compactMap { index, route -> ([Int], String)? in
      guard var rank = rank(route.match.path, path),
        route.match.methods.isEmpty || route.match.methods.contains(request.method)
      else { return nil }
      rank += [0, -route.match.conditionCount, index]
      return (rank, route.name)
    }
    return fitting.min { $0.0.lexicographicallyPrecedes($1.0) }?.1
  }

  private static func rank(_ template: PathTemplate, _ path: [String]) -> [Int]? {
    guard path.count >= template.segments.count,
      template.takesEverythingBelow || path.count == template.segments.count
    else { return nil }
    var rank: [Int] = []
    for (segment, text) in zip(template.segments, path) {
      switch segment {
      case .literal(let literal) where literal == text: rank.append(1)
      case .parameter where !text.isEmpty: rank.append(2)
      default: return nil
      }
    }
    return template.takesEverythingBelow ? rank + [3] : rank
  }
}
