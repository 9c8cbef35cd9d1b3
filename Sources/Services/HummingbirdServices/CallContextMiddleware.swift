// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
public import Hummingbird
public import ServiceCalls
public import ServiceClient
internal import TracePropagation
public import Tracing

/// Lets the calls that are made for a request know how long somebody waits for its answer, and to
/// which trace they belong.
///
/// It sets `CallContext.current` and does not cut the request itself short. With a tracer the
/// request gets a span, up to when its answer begins, and what is made for it belongs to that.
public struct CallContextMiddleware<Context: RequestContext>: RouterMiddleware {
  private let clock: any CallClock
  private let tracer: (any Tracer)?

  /// Creates a middleware.
  ///
  /// - Parameters:
  ///   - clock: that of the clients.
  ///   - tracer: gets a span of each request; nil for none.
  public init(clock: any CallClock = MonotonicClock(), tracer: (any Tracer)? = nil) {
    self.clock = clock
    self.tracer = tracer
  }

  /// Passes the request on.
  public func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var call = CallContext(receivedAt: clock.now()) { request.headers[named: $0] }
    if let tracer {
      let span: any Span = tracer.startSpan(
        request.method.rawValue, context: tracer.serviceContext(call.trace), ofKind: .server)
      call.trace = tracer.traceContext(span.context) ?? call.trace
      return try await answer(request, context, call, span, next)
    }
    return try await CallContext.$current.withValue(call) {
      try await next(request, context)
    }
  }

  private func answer(
    _ request: Request, _ context: Context, _ call: CallContext, _ span: any Span,
    _ next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    defer { span.end() }
    do {
      let response = try await ServiceContext.withValue(span.context) {
        try await CallContext.$current.withValue(call) { try await next(request, context) }
      }
      describe(span, request, context, status: response.status.code)
      return response
    } catch {
      let status = (error as? any HTTPResponseError)?.status.code ?? 500
      if status >= 500 { span.recordError(error) }
      describe(span, request, context, status: status)
      throw error
    }
  }

  /// Named and described as OpenTelemetry's conventions for HTTP servers ask.
  private func describe(_ span: any Span, _ request: Request, _ context: Context, status: Int) {
    guard span.isRecording else { return }
    let method = request.method.rawValue
    // Hummingbird has a word for what no route takes.
    let route = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil }
    if let route { span.operationName = "\(method) \(route)" }
    span.updateAttributes { attributes in
      attributes["http.request.method"] = method
      attributes["url.path"] = request.uri.path
      attributes["url.scheme"] = request.head.scheme ?? "http"
      attributes["http.route"] = route
      attributes["user_agent.original"] = request.headers[.userAgent]
      attributes["http.response.status_code"] = status
    }
    if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
  }
}
