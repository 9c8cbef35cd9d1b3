// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import RoutingDecisions
import ShadowComparison
import Testing

@Suite("Rulings on noise, by route")
struct NoiseRulingsTests {
  private static func approval(
    _ endpoint: String, _ member: String = "total", by actor: String = "ann"
  ) -> NoiseApproval {
    NoiseApproval(
      endpoint: endpoint, pathKind: PathKind(path: ResponsePath(member), kind: .value),
      actor: actor, reason: "rounded", approvedAt: actor == "ann" ? 1 : 2)
  }

  private static func version(_ approvals: [NoiseApproval], of path: String = "/**") throws
    -> String
  {
    let route = RouteMatch(path: try PathTemplate(parsing: path))
    return NoiseRulings(approvals).version(of: route)
  }

  @Test("The same noise is the same version, whoever said so and in whatever order")
  func same() throws {
    let (first, second) = (Self.approval("GET /a"), Self.approval("GET /b"))
    #expect(try Self.version([first, second]) == Self.version([second, first]))
    #expect(try Self.version([Self.approval("GET /a", by: "bob")]) == Self.version([first]))
    #expect(try Self.version([first]) != Self.version([second]))
    #expect(try Self.version([first]) != Self.version([Self.approval("GET /a", "tax")]))
    #expect(try Self.version([first]) != Self.version([]))
  }

  @Test(
    "A ruling concerns every route that may be meant",
    arguments: [
      ("/orders/**", "GET /orders/{id}", true), ("/orders/{id}", "GET /orders/{id}", true),
      ("/orders/42", "GET /orders/{id}", true), ("/orders/{id}", "GET /orders/open", true),
      ("/orders/**", "GET /orders", true), ("/**", "GET /", true),
      ("/products/blue", "GET /products/{slug}", true), ("/orders", "GET /%6Frders", true),
      ("/orders/{id}", "GET /orders/{id}/items", false), ("/orders/**", "GET /items/{id}", false),
      ("/orders/{id}/items", "GET /orders/{id}", false), ("/orders", "GET /", false),
      // Names that do not say their whole path.
      ("/orders", "(other)", true), ("/orders", "GET /" + String(repeating: "x", count: 600), true),
    ])
  func concerned(path: String, endpoint: String, isConcerned: Bool) throws {
    let ruled = try Self.version([Self.approval(endpoint)], of: path)
    #expect(try (ruled != Self.version([], of: path)) == isConcerned)
  }

  @Test("Routes of other methods are not meant, those that ask for a header are")
  func conditions() throws {
    var route = RouteMatch(path: try PathTemplate(parsing: "/orders/**"))
    let rulings = NoiseRulings([Self.approval("GET /orders/{id}")])
    route.methods = ["POST"]
    #expect(rulings.version(of: route) == NoiseRulings([]).version(of: route))
    route.methods = ["GET"]
    route.headers = [FieldCondition("x-vip", .present)]
    #expect(rulings.version(of: route) != NoiseRulings([]).version(of: route))
  }
}
