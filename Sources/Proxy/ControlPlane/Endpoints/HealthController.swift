// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import ProxyDataPlane
internal import RoutingDecisions

/// `/health/live`: the process runs. `/health/ready`: new connections are taken. Open to probes,
/// which carry no token.
struct HealthController {
  let readiness: ProxyReadiness

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/health/live") { _, _ in Response.json(.ok, Status(status: "live")) }
    router.get("/health/ready") { _, _ in ready() }
  }

  private func ready() -> Response {
    let state = readiness.state
    return .json(state == .ready ? .ok : .serviceUnavailable, Status(status: "\(state)"))
  }

  private struct Status: Encodable {
    let status: String
  }
}

extension Response {
  /// A JSON answer that no cache keeps.
  static func json(_ status: HTTPResponse.Status, _ value: some Encodable) -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: .init(string: JSONText.encode(value))))
  }
}
