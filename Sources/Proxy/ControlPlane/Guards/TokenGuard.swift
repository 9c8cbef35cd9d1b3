// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird

/// Lets only requests with the token pass, if there is one.
struct TokenGuard: RouterMiddleware {
  let token: AdminToken?

  func handle(
    _ request: Request, context: AdminRequestContext,
    next: @concurrent (Request, AdminRequestContext) async throws -> Response
  ) async throws -> Response {
    if let token, !isAuthorized(request, token) {
      throw Problem(
        .unauthorized, "Send the admin token as \"Authorization: Bearer ...\".",
        headers: [.wwwAuthenticate: "Bearer realm=\"strangler admin\""])
    }
    return try await next(request, context)
  }

  private func isAuthorized(_ request: Request, _ token: AdminToken) -> Bool {
    guard let value = request.headers[.authorization], let space = value.firstIndex(of: " ") else {
      return false
    }
    return value[..<space].lowercased() == "bearer" && token.matches(value[space...].dropFirst())
  }
}
