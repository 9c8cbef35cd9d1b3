// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct CutoverChangeTests {
  private static func configuration(_ cutovers: [CutoverPlan]) -> ProxyConfiguration {
    ProxyConfiguration(upstreams: [], routes: [], cutovers: cutovers)
  }

  @Test func plansAreToldApartWithoutANewProcess() {
    let stage = CutoverStage(percent: .full, soak: .seconds(60), evidence: .absolute)
    let old = CutoverPlan(name: "orders", routes: ["orders"], stages: [stage])
    var new = old
    new.alpha = 0.02
    let other = CutoverPlan(name: "cart", routes: ["cart", "checkout"], stages: [stage])
    let change = ConfigurationChange(
      from: Self.configuration([old]), to: Self.configuration([new, other]))
    #expect(
      change.items.map { "\($0.kind.rawValue) \($0.subject): \($0.text)" } == [
        "changed cutover orders: alpha: 0.01 -> 0.02; from its next start on",
        "added cutover cart: moves cart, checkout in 1 stages",
      ])
    #expect(change.refusals == [])
    let back = ConfigurationChange(
      from: Self.configuration([new, other]), to: Self.configuration([new]))
    #expect(
      back.items.map { "\($0.kind.rawValue) \($0.subject): \($0.text)" } == [
        "removed cutover cart: cannot be started any more"
      ])
  }

  @Test func aRaiseOfTheFileSaysThatThePlanIsNotAsked() throws {
    var orders = try RouteConfiguration("orders", "/orders/**")
    orders.extracted = "orders"
    let plan = CutoverPlan(
      name: "slowly", routes: ["orders"],
      stages: [CutoverStage(percent: .full, soak: .seconds(60), evidence: .absolute)])
    let running = ProxyConfiguration(upstreams: [], routes: [orders], cutovers: [plan])
    var next = running
    next.routes[0].percent = try #require(Percentage(hundredths: 3_300))
    let change = ConfigurationChange(from: running, to: next)
    #expect(
      change.items.map(\.text) == [
        "moves 33 % of the users of /orders/** from legacy to orders (0 % -> 33 %); neither gates nor "
          + "freeze windows of its plan \"slowly\" are asked"
      ])
    // What takes users back needs no gate.
    #expect(!ConfigurationChange(from: next, to: running).text.contains("slowly"))
  }

  @Test func theKillSwitchKeepsARaiseOfTheFile() throws {
    var orders = try RouteConfiguration("orders", "/orders/**")
    orders.extracted = "orders"
    let running = ProxyConfiguration(upstreams: [], routes: [orders])
    var next = running
    next.routes[0].percent = try #require(Percentage(hundredths: 3_300))
    let change = ConfigurationChange(from: running, to: next, hold: .killSwitch)
    #expect(
      change.items.map { "\($0.kind.rawValue): \($0.text)" } == [
        "kept: stays at 0 %: the kill switch is on; once it is off, the 33 % of the file have to be "
          + "ordered"
      ])
  }

  @Test func freezeWindowsKnowTheirDays() {
    // 20 December 2026 is a Sunday.
    let sunday: Int64 = 1_797_724_800
    let window = FreezeWindow.weekly(days: [.sun], minutes: 60..<120)
    #expect(!window.contains(sunday + 3_599))
    #expect(window.contains(sunday + 3_600))
    #expect(window.contains(sunday + 7_199))
    #expect(!window.contains(sunday + 7_200))
    #expect(!window.contains(sunday + 86_400 + 3_600))
    #expect(window.contains(sunday - 7 * 86_400 * 3_000 + 3_600))
    #expect(FreezeWindow.once(5..<7).contains(6) && !FreezeWindow.once(5..<7).contains(7))
  }
}
