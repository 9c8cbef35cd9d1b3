// SPDX-License-Identifier: Apache-2.0

#if GRPC
  public import GRPCCore
  public import Logging
  internal import ResiliencePolicies
  public import ServiceCalls
  public import ServiceClient
  public import Tracing

  /// What protects the calls of a gRPC client, by the policy that calls over HTTP have: bulkhead,
  /// circuit breaker, deadline, attempts and the trace.
  ///
  /// ```swift
  /// let calls = GRPCServiceCalls("orders")
  /// try await withGRPCClient(transport: transport, interceptors: calls.interceptors) { client in
  ///   let orders = Orders.Client(wrapping: client)
  ///   let order = try await orders.find(id, options: calls.options(isRepeatable: true))
  /// }
  /// ```
  ///
  /// Connections and the choice among the service's instances are the transport's, so the service
  /// has one breaker. Copies are the same: they share breaker and bulkhead.
  public struct GRPCServiceCalls: Sendable {
    private let policy: ServiceCallPolicy
    private let clock: any CallClock
    private let gate: GateInterceptor
    private let trace: TraceInterceptor

    /// - Parameters:
    ///   - service: its name, for errors, logs and spans.
    ///   - policy: how it is called; `connect`, `balance`, `connections` and `answerBytes` are the
    ///     transport's.
    ///   - clock: the time.
    ///   - logger: is told about changes of the breaker.
    ///   - tracer: gets a span of each attempt, below the current task's, or below
    ///     `CallContext.trace` where that has none. Without one the service is told the caller's.
    public init(
      _ service: String, policy: ServiceCallPolicy = ServiceCallPolicy(),
      clock: any CallClock = MonotonicClock(), logger: Logger? = nil,
      tracer: (any Tracer)? = nil
    ) {
      self.policy = policy
      self.clock = clock
      let entry = ServiceEntry(
        service, endpoints: [ServiceEndpoint(scheme: "grpc", host: service, port: 0)])
      gate = GateInterceptor(
        service: service, total: policy.total, gate: SharedGate(entry, policy, logger),
        clock: clock)
      trace = TraceInterceptor(service: service, tracer: tracer)
    }

    /// For a client, in this order.
    public var interceptors: [any ClientInterceptor] { [gate, trace] }

    /// Options of a call that begins now: its time, which is the caller's where that has less left,
    /// and its attempts.
    ///
    /// - Parameter isRepeatable: whether the service may be asked twice. gRPC repeats by itself
    ///   what never left the client.
    public func options(isRepeatable: Bool = false) -> CallOptions {
      let now = clock.now()
      let end = CallContext.current.limited(to: policy.total, at: now).deadline ?? now
      var options = CallOptions.defaults
      // A call without time left is one that is too late, and not one without a limit.
      options.timeout = .milliseconds(Int64(clamping: end > now ? end - now : 1))
      let rules = policy.retries
      if isRepeatable, rules.attempts > 0 {
        options.executionPolicy = .retry(
          RetryPolicy(
            maxAttempts: rules.attempts + 1,
            initialBackoff: max(.milliseconds(1), rules.shortestDelay),
            maxBackoff: max(.milliseconds(1), rules.longestDelay), backoffMultiplier: 2,
            retryableStatusCodes: [.unavailable]))
      }
      return options
    }
  }
#endif
