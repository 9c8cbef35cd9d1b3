// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Synchronization

/// Lets only requests with a token pass, if there is one.
struct TokenGuard: RouterMiddleware {
  /// Each of them is good; none asks for nothing.
  let tokens: [AdminToken]
  let refusals: TokenRefusals

  func handle(
    _ request: Request, context: AdminRequestContext,
    next: @concurrent (Request, AdminRequestContext) async throws -> Response
  ) async throws -> Response {
    if !tokens.isEmpty, !isAuthorized(request) {
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

  private func isAuthorized(_ request: Request) -> Bool {
    guard let value = request.headers[.authorization], let space = value.firstIndex(of: " ") else {
      return false
    }
    guard value[..<space].lowercased() == "bearer" else { return false }
    // All of them are looked at, so that the time tells nothing of which one it is.
    return tokens.count { $0.matches(value[space...].dropFirst()) } > 0
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
