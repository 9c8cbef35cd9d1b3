// SPDX-License-Identifier: Apache-2.0

internal import ResiliencePolicies
public import TransactionalMessaging

/// What a request that is being answered passes on to the calls that are made for it: how long
/// somebody waits, and the trace.
public struct CallContext: Sendable, Equatable {
  /// The context of the request that this task answers. `CallContextMiddleware` sets it; so may a
  /// consumer of events, with the trace of the event.
  @TaskLocal public static var current = CallContext()

  /// Milliseconds that the caller still waits, as a request's field.
  ///
  /// The field is Envoy's, which sets it on the requests of every mesh built on it, and takes it
  /// from them where `respect_expected_rq_timeout` is on; there is no standard one, and
  /// `grpc-timeout` belongs to gRPC. It says how much is left and not until when, as gRPC does: the
  /// clocks of two machines need not agree
  /// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter).
  public static let timeoutField = "x-envoy-expected-rq-timeout-ms"

  /// When nobody waits any more, on the clock that the calls are made by; nil when that is unknown.
  public var deadline: UInt64?
  /// The trace, with the span that answers the request; nil outside of any.
  public var trace: TraceContext?

  /// Creates a context.
  public init(deadline: UInt64? = nil, trace: TraceContext? = nil) {
    self.deadline = deadline
    self.trace = trace
  }

  /// Reads a request's fields.
  ///
  /// - Parameters:
  ///   - now: when the request came.
  ///   - field: the value of a field by its lower-case name.
  public init(receivedAt now: UInt64, field: (String) -> String?) {
    // Envoy's 0 is no limit.
    if let left = field(Self.timeoutField).flatMap({ UInt64($0) }), left > 0 {
      let (end, overflow) = now.addingReportingOverflow(left)
      deadline = overflow ? nil : end
    }
    trace = field("traceparent").flatMap {
      TraceContext(parent: $0, state: field("tracestate"))
    }
  }

  /// The same, with no more than this much time from now on.
  public func limited(to time: Duration, at now: UInt64) -> CallContext {
    var limited = self
    let (end, overflow) = now.addingReportingOverflow(time.milliseconds)
    limited.deadline = min(deadline ?? .max, overflow ? .max : end)
    return limited
  }
}
