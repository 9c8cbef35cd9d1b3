// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
public import Hummingbird
public import ServiceCalls
public import ServiceClient

/// Lets the calls that are made for a request know how long somebody waits for its answer, and to
/// which trace they belong.
///
/// It sets `CallContext.current` and does not cut the request itself short.
public struct CallContextMiddleware<Context: RequestContext>: RouterMiddleware {
  private let clock: any CallClock

  /// Creates a middleware.
  ///
  /// - Parameter clock: that of the clients.
  public init(clock: any CallClock = MonotonicClock()) { self.clock = clock }

  /// Passes the request on.
  public func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let call = CallContext(receivedAt: clock.now()) { request.headers[named: $0] }
    return try await CallContext.$current.withValue(call) {
      try await next(request, context)
    }
  }
}
