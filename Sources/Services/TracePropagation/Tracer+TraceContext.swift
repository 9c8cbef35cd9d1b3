// SPDX-License-Identifier: Apache-2.0

public import Tracing
public import TransactionalMessaging

/// The headers of a message or a request, for tracers.
struct HeaderCarrier: Extractor, Injector {
  func extract(key: String, from headers: [String: String]) -> String? { headers[key] }

  func inject(_ value: String, forKey key: String, into headers: inout [String: String]) {
    headers[key] = value
  }
}

/// Between what messages and requests carry and what tracers know; every tracer that speaks W3C
/// Trace Context will do.
extension Instrument {
  /// The context that headers carry, on top of another one; unchanged where they carry none.
  public func serviceContext(
    _ trace: TraceContext?, on base: ServiceContext = .topLevel
  ) -> ServiceContext {
    guard let trace else { return base }
    var context = base
    var headers = [MessageHeader.traceParent: trace.parent]
    headers[MessageHeader.traceState] = trace.state
    extract(headers, into: &context, using: HeaderCarrier())
    return context
  }

  /// What is passed on of a context; nil outside of any trace.
  public func traceContext(_ context: ServiceContext) -> TraceContext? {
    var headers: [String: String] = [:]
    inject(context, into: &headers, using: HeaderCarrier())
    return headers[MessageHeader.traceParent].flatMap {
      TraceContext(parent: $0, state: headers[MessageHeader.traceState])
    }
  }

  /// The current task's context; where it belongs to no trace, with the given one.
  public func currentContext(or trace: TraceContext?) -> ServiceContext {
    let current = ServiceContext.current ?? .topLevel
    return traceContext(current) == nil ? serviceContext(trace, on: current) : current
  }
}
