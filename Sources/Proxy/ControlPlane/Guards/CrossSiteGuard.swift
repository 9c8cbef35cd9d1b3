// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import RoutingDecisions

/// Keeps web pages of other sites from using the browser of somebody who can reach the admin API.
///
/// Requests that the browser says come from another site are refused, except that a link may lead
/// here: then the person sees the answer, and the page with the link does not. Without a token the
/// host asked for must be this machine too: else a page whose name was made to resolve to
/// 127.0.0.1 (DNS rebinding) would count as the same site.
struct CrossSiteGuard: RouterMiddleware {
  /// Any host is fine: requests prove themselves by their token.
  let trustsHost: Bool

  func handle(
    _ request: Request, context: AdminRequestContext,
    next: @concurrent (Request, AdminRequestContext) async throws -> Response
  ) async throws -> Response {
    let host = request.head.authority ?? ""
    if !trustsHost, !isLoopback(host) {
      throw Problem(
        .misdirectedRequest,
        "This address answers for localhost, 127.0.0.1 and [::1] only, not for \"\(host)\".")
    }
    if let site = request.headers[.secFetchSite], site != "same-origin", site != "none",
      !isLink(request)
    {
      throw Problem(.forbidden, "A page of another site (Sec-Fetch-Site: \(site)) asked for this.")
    }
    if let origin = request.headers[.origin], !isSame(origin, host) {
      throw Problem(.forbidden, "A page of another site (Origin: \(origin)) asked for this.")
    }
    return try await next(request, context)
  }

  /// Somebody follows a link in a window of its own. Frames and everything that changes things are
  /// none.
  private func isLink(_ request: Request) -> Bool {
    request.method == .get && request.headers[.secFetchMode] == "navigate"
      && request.headers[.secFetchDest] == "document"
  }

  private func isLoopback(_ authority: String) -> Bool {
    let withPort = NetworkAddress(parsing: authority) ?? NetworkAddress(parsing: authority + ":80")
    return withPort?.isLoopback ?? false
  }

  private func isSame(_ origin: String, _ host: String) -> Bool {
    let origin = origin.lowercased()
    return origin == "http://\(host.lowercased())" || origin == "https://\(host.lowercased())"
  }
}

extension HTTPField.Name {
  fileprivate static var secFetchSite: Self { .init("Sec-Fetch-Site") ?? .origin }
  fileprivate static var secFetchMode: Self { .init("Sec-Fetch-Mode") ?? .origin }
  fileprivate static var secFetchDest: Self { .init("Sec-Fetch-Dest") ?? .origin }
}
