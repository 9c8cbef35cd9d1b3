// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Synchronization

/// Lets only requests with the token pass, if there is one.
struct TokenGuard: RouterMiddleware {
  let token: AdminToken?
  let refusals: TokenRefusals

  func handle(
    _ request: Request, context: AdminRequestContext,
    next: @concurrent (Request, AdminRequestContext) async throws -> Response
  ) async throws -> Response {
    if let token, !isAuthorized(request, token) {
      let isWrong = request.headers[.authorization] != nil
      if isWrong { refusals.add(from: context.clientAddress) }
      throw Problem(
        .unauthorized,
        isWrong
          ? "That is not the admin token of this proxy."
          : "Send the admin token as \"Authorization: Bearer ...\".",
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

/// Tells the log of wrong tokens: who guesses shall be seen, and shall not fill the disk.
final class TokenRefusals: Sendable {
  private let tally = Mutex(RefusalTally())
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  func add(from client: String) {
    guard let times = tally.withLock({ $0.add(at: .now) }) else { return }
    logger.warning(
      "a wrong admin token was refused", metadata: ["client": "\(client)", "times": "\(times)"])
  }
}

/// How often to tell of what comes again and again.
package struct RefusalTally: Sendable {
  /// Least time between two lines.
  private static let interval = Duration.seconds(10)

  private var toldAt: ContinuousClock.Instant?
  private var untold = 0

  package init() {}

  /// One more; returns how many there were since the last line when it is time for another.
  package mutating func add(at now: ContinuousClock.Instant) -> Int? {
    untold += 1
    if let toldAt, now - toldAt < Self.interval { return nil }
    defer { (toldAt, untold) = (now, 0) }
    return untold
  }
}
