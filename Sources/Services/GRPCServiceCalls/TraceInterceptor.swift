// SPDX-License-Identifier: Apache-2.0

#if GRPC
  internal import GRPCCore
  internal import ServiceCalls
  internal import TracePropagation
  internal import Tracing
  internal import TransactionalMessaging

  /// A span of each attempt, named and described as OpenTelemetry's conventions for RPC ask; the
  /// service is told the span, or the caller's trace where nobody traces.
  struct TraceInterceptor: ClientInterceptor {
    let service: String
    let tracer: (any Tracer)?

    @concurrent
    func intercept<Input: Sendable, Output: Sendable>(
      request: StreamingClientRequest<Input>, context: ClientContext,
      next:
        @concurrent (StreamingClientRequest<Input>, ClientContext) async throws
        -> StreamingClientResponse<Output>
    ) async throws -> StreamingClientResponse<Output> {
      let caller = CallContext.current.trace
      var request = request
      guard let tracer else {
        request.metadata.pass(on: caller)
        return try await next(request, context)
      }
      let span = tracer.startSpan(
        context.descriptor.fullyQualifiedMethod, context: tracer.currentContext(or: caller),
        ofKind: .client)
      request.metadata.pass(on: tracer.traceContext(span.context))
      if span.isRecording {
        span.updateAttributes { attributes in
          attributes["rpc.system"] = "grpc"
          attributes["rpc.service"] = context.descriptor.service.fullyQualifiedService
          attributes["rpc.method"] = context.descriptor.method
          attributes["peer.service"] = service
          attributes["server.address"] = context.remotePeer
        }
      }
      let end = ResponseEnd { code in
        span.attributes["rpc.grpc.status_code"] = code?.rawValue ?? 0
        if let code { span.setStatus(SpanStatus(code: .error, message: "\(code)")) }
        span.end()
      }
      do {
        return try await next(request, context).telling(end)
      } catch {
        end.tell(RPCError.Code(of: error))
        throw error
      }
    }
  }

  extension Metadata {
    fileprivate mutating func pass(on trace: TraceContext?) {
      guard let trace else { return }
      replaceOrAddString(trace.parent, forKey: "traceparent")
      if let state = trace.state { replaceOrAddString(state, forKey: "tracestate") }
    }
  }
#endif
