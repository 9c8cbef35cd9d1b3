// SPDX-License-Identifier: Apache-2.0

/// One run of the demonstration: its parts, and the summary that the steps fill.
struct DemoRun: Sendable {
  let options: DemoOptions
  let narrator: Narrator
  let stage: Stage
  let ordersService: ChildService
  let data: DataTools
  let shop: ShopClient
  let admin: AdminClient
  let events: EventPipeline
  let traffic: TrafficGenerator
  var summary = DemoSummary()

  /// Says what is running where.
  func introduce() {
    narrator.section("The parts, all on loopback")
    narrator.line("monolith         in this process, module of the proxy, own SQLite")
    narrator.line(
      "orders service   process \(ordersService.processIdentifier ?? 0), "
        + "127.0.0.1:\(stage.ordersPort), own SQLite with outbox")
    narrator.line("proxy            \(stage.proxyAddress)   admin API \(stage.adminAddress)")
  }

  /// Prints the summary.
  func conclude() -> DemoSummary {
    var summary = summary
    let users = traffic.userLedger
    let orders = traffic.orderLedger
    summary.show("requests through the proxy", "\(users.requests) by \(options.users) users")
    summary.show(
      "latency seen by users",
      "median \(users.latency(quantile: 0.5).rounded(toPlaces: 1)) ms, "
        + "p99 \(users.latency(quantile: 0.99).rounded(toPlaces: 1)) ms")
    summary.show(
      "orders placed",
      "\(orders.ordersOnLegacy) on legacy, \(orders.expectedEvents.count) on the new service")
    narrator.section("Summary")
    narrator.verbatim(summary.text)
    return summary
  }

  /// Lets traffic flow for a while, showing that it does.
  func hold(_ duration: Duration, _ what: String) async throws {
    let clock = ContinuousClock()
    let end = clock.now + duration
    while clock.now < end {
      try await clock.sleep(for: min(.milliseconds(250), end - clock.now))
      let left = max(0, Int(((end - clock.now) / .seconds(1)).rounded(.up)))
      narrator.progress(
        "\(what): \(traffic.userLedger.requests) requests so far, \(left) s to go")
    }
  }
}

extension Double {
  /// The value with a fixed number of decimals, without an exponent.
  func rounded(toPlaces places: Int) -> String {
    let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
    let whole = Int((self * scale).rounded())
    guard places > 0 else { return "\(whole)" }
    let fraction = String(abs(whole) % Int(scale))
    let padding = String(repeating: "0", count: places - fraction.count)
    let sign = whole < 0 ? "-" : ""
    return "\(sign)\(abs(whole) / Int(scale)).\(padding)\(fraction)"
  }
}
