// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ProxyDataPlane
internal import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A percentage that was set live and is not what the file says; part of `GET /config`.
struct LivePercentage: Codable, Equatable {
  let route: String
  let percent: Double
  /// What the file said when it was read.
  let file: Double

  init(route: String, percent: Percentage, file: Percentage) {
    self.route = route
    self.percent = Double(percent.hundredths) / 100
    self.file = Double(file.hundredths) / 100
  }
}

/// What a process that takes over has to know of the older one: the percentages that were set live.
/// Without them users would change sides because a new version was started.
struct Succession {
  /// How long the older process may take to answer.
  static let timeout = TimeAmount.seconds(2)
  /// Largest answer that is read.
  static let maximumAnswer = 4 << 20

  let admin: AdminConfiguration
  let token: AdminToken?
  let routing: LiveRouting
  let logger: Logger
  let unixMilliseconds: @Sendable () -> Int64

  /// Asks the older process and takes its live percentages over, by the rule of a reload: one stays
  /// unless the file's own number for the route is another one by now.
  func begin() async {
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
    do {
      for live in try await ask(client) { take(live) }
    } catch {
      logger.warning(
        "percentages set live are not known: the file's are in force",
        metadata: ["admin": "\(admin.listen)", "reason": "\(error)"])
    }
    try? await client.shutdown()
  }

  private struct Answer: Decodable {
    let live: [LivePercentage]
  }

  private func ask(_ client: HTTPClient) async throws -> [LivePercentage] {
    var request = HTTPClientRequest(url: "http://\(admin.listen)/config")
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token.text)") }
    let response = try await client.execute(request, timeout: Self.timeout)
    guard response.status == .ok else {
      throw AdminServerError.olderProcessRefused("\(response.status)")
    }
    let body = try await response.body.collect(upTo: Self.maximumAnswer)
    return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView)).live
  }

  private func take(_ live: LivePercentage) {
    guard let percent = Percentage(decimal: live.percent),
      let file = Percentage(decimal: live.file),
      case let routes = routing.current.configuration.routes,
      let route = routes.first(where: { $0.name == live.route }), route.percent == file
    else {
      return logger.notice(
        "percentage set live is not taken over: the file says another one now",
        metadata: ["route": "\(live.route)", "live": "\(live.percent)"])
    }
    let change = try? routing.setPercent(
      route: live.route, to: percent, actor: "older process", reason: "taken over",
      unixMilliseconds: unixMilliseconds())
    if let change {
      logger.notice(
        "percentage taken over",
        metadata: ["route": "\(live.route)", "from": "\(change.from)", "to": "\(change.to)"])
    }
  }
}
