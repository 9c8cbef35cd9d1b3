// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions

/// A percentage that was set live and is not what the file says; part of `GET /config`.
struct LivePercentage: Codable, Equatable {
  let route: String
  let percent: Double
  /// What the file said when it was read.
  let file: Double
  /// The file's share is taken up when nothing is frozen any more; absent when it is not.
  let isHeld: Bool?

  init(route: String, percent: Percentage, file: Percentage, isHeld: Bool = false) {
    self.route = route
    self.percent = Double(percent.hundredths) / 100
    self.file = Double(file.hundredths) / 100
    self.isHeld = isHeld ? true : nil
  }
}

/// What a process that takes over has to know of the older one: the percentages that were set live.
/// Without them users would change sides because a new version was started.
///
/// New connections reach the new process at once, but until the older one has ended it has the
/// admin address, and with it every order of an operator. So the new process goes on asking until
/// the address is its own: a route that is set to 0 % goes there in both.
struct Succession {
  /// How long an order given to the older process may wait for its effect here.
  static let interval = Duration.milliseconds(250)

  /// Who listens on the admin address. An older process is one of the same user, or the system's:
  /// anybody may listen on a port that is free, and neither is given the token nor believed.
  let holder: @Sendable (NetworkAddress) -> AddressHolder
  let admin: AdminConfiguration
  let token: AdminToken?
  let routing: LiveRouting
  let logger: Logger
  let unixMilliseconds: @Sendable () -> Int64

  /// Asks the older process and takes its live percentages over, by the rule of a reload: one stays
  /// unless the file's own number for the route is another one by now.
  ///
  /// - Returns: what the older process said; nil when there is none to ask.
  func begin() async -> [LivePercentage]? {
    do {
      let live = try await ask()
      take(OrderGiven.between([], live))
      return live
    } catch {
      logger.warning(
        "percentages set live are not known: the file's are in force",
        metadata: ["admin": "\(admin.listen)", "reason": "\(error)"])
      return nil
    }
  }

  /// Takes over what is ordered from the older process from now on, until `address` is known, which
  /// is when this process has it, or until the task is cancelled.
  func follow(_ first: [LivePercentage], until address: BoundAddress) async {
    var heard = first
    while !address.isKnown, (try? await Task.sleep(for: Self.interval)) != nil {
      guard let live = try? await ask() else { continue }
      take(OrderGiven.between(heard, live))
      heard = live
    }
  }

  private struct Answer: Decodable {
    let live: [LivePercentage]
  }

  private func ask() async throws -> [LivePercentage] {
    try await OlderProcess(holder: holder, admin: admin, token: token)
      .answer(to: "/config", as: Answer.self).live
  }

  private func take(_ orders: [OrderGiven]) {
    for order in orders {
      let routes = routing.current.configuration.routes
      guard let from = Percentage(decimal: order.from), let to = Percentage(decimal: order.to),
        routes.contains(where: { $0.name == order.route && $0.percent == from })
      else {
        logger.notice(
          "percentage set live is not taken over: the file says another one now",
          metadata: ["route": "\(order.route)", "live": "\(order.to)"])
        continue
      }
      let change = try? routing.setPercent(
        route: order.route, to: to, actor: "older process", reason: "taken over",
        unixMilliseconds: unixMilliseconds())
      if let change {
        logger.notice(
          "percentage taken over",
          metadata: ["route": "\(order.route)", "from": "\(change.from)", "to": "\(change.to)"])
      }
    }
  }
}

/// A change of one route's percentage in the older process, in percent.
struct OrderGiven: Equatable {
  let route: String
  let from: Double
  let to: Double

  /// What happened between two answers; a route that is in none of them is where its file says.
  static func between(_ before: [LivePercentage], _ after: [LivePercentage]) -> [OrderGiven] {
    let old = Dictionary(before.map { ($0.route, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(after.map { ($0.route, $0) }, uniquingKeysWith: { $1 })
    return Set(old.keys).union(new.keys).sorted().compactMap { route in
      guard let file = new[route]?.file ?? old[route]?.file else { return nil }
      let from = old[route]?.percent ?? file
      let to = new[route]?.percent ?? file
      return from == to ? nil : OrderGiven(route: route, from: from, to: to)
    }
  }
}
