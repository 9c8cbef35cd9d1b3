// SPDX-License-Identifier: Apache-2.0

package import ControlPlane
package import RoutingDecisions

/// Routes and plans of tests.
package enum CutoverScenario {
  /// Who orders in tests.
  package static let ann = CutoverOrder(actor: "ann", reason: "a test")

  /// `orders` with a plan of 10, 50 (on approval) and 99 %; `cart` and `checkout` in one group with
  /// a plan of 20 %; `search` without a plan, at 5 % by the file; `rest` without another side.
  package static func configuration(
    ordersInFile: Int = 0, plans: [CutoverPlan] = [orders(), basket()], drops: Set<String> = []
  ) -> ProxyConfiguration {
    func route(_ name: String, _ percent: Int, group: String? = nil) -> RouteConfiguration {
      RouteConfiguration(
        name: name, match: RouteMatch(path: .init(name)), legacy: "legacy", extracted: "shop",
        percent: .hundredths(percent * 100), sticky: [.header("x-user-id")], group: group)
    }
    let split = [
      route("orders", ordersInFile), route("cart", 0, group: "basket"),
      route("checkout", 0, group: "basket"), route("search", 5),
    ]
    let rest = RouteConfiguration(
      name: "rest", match: RouteMatch(path: .everything), legacy: "legacy")
    return ProxyConfiguration(
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: 9001)])),
        UpstreamConfiguration(
          name: "shop", target: .network([NetworkAddress(host: "127.0.0.1", port: 9002)])),
      ], routes: split.filter { !drops.contains($0.name) } + [rest], cutovers: plans)
  }

  package static func orders(freezes: [FreezeWindow] = []) -> CutoverPlan {
    CutoverPlan(
      name: "orders", routes: ["orders"],
      stages: [
        CutoverStage(percent: .hundredths(1_000), soak: .seconds(60)),
        CutoverStage(percent: .hundredths(5_000), soak: .seconds(60), needsApproval: true),
        CutoverStage(percent: .hundredths(9_900), soak: .seconds(60), evidence: .holdBack),
      ], gates: CutoverGates(latency: []), freezes: freezes)
  }

  package static func basket() -> CutoverPlan {
    CutoverPlan(
      name: "basket", routes: ["cart", "checkout"],
      stages: [CutoverStage(percent: .hundredths(2_000), soak: .seconds(60))],
      gates: CutoverGates(latency: []))
  }
}

extension PathTemplate {
  fileprivate init(_ name: String) {
    self = (try? PathTemplate(parsing: "/\(name)/**")) ?? .everything
  }
}

extension Percentage {
  /// Traps outside 0 to 10,000, which a test does not ask for.
  package static func hundredths(_ value: Int) -> Percentage {
    guard let share = Percentage(hundredths: value) else { preconditionFailure("\(value)") }
    return share
  }
}
