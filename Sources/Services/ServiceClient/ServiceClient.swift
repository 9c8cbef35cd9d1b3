// SPDX-License-Identifier: Apache-2.0

public import AsyncHTTPClient
public import Foundation
public import Logging
internal import NIOCore
internal import ResiliencePolicies
public import ServiceCalls
public import Tracing

/// Calls one service: over its instances, within the time that somebody waits, and again where that
/// does no harm.
///
/// ```swift
/// let orders = ServiceEntry("orders", endpoints: [ServiceEndpoint(host: "orders", port: 8080)])
/// let client = ServiceClient(orders)
/// let order = try await client.get("/orders/17", as: Order.self)
/// ```
///
/// Copies of a client are the same client: they share connections, breakers and bulkhead. Make one
/// for each service when the process starts, and `close` it at the end.
public struct ServiceClient: Sendable {
  /// The service.
  public let service: ServiceEntry
  /// How it is called.
  public let policy: ServiceCallPolicy
  let clock: any CallClock
  let gate: SharedGate
  let http: HTTPClient
  let encoder: JSONEncoder
  let decoder: JSONDecoder
  let tracer: (any Tracer)?
  let observe: (@Sendable (CallAttempt) -> Void)?

  /// Creates a client; connections come about as they are needed.
  ///
  /// - Parameters:
  ///   - service: the service and its endpoints.
  ///   - policy: how it is called.
  ///   - clock: the time.
  ///   - transport: what connections need besides, such as TLS. Its time limits, connection limit
  ///     and redirections give way to the policy; redirections are answers like others.
  ///   - encoder: for bodies that are sent as JSON.
  ///   - decoder: for bodies that come as JSON.
  ///   - logger: is told about changes of breakers.
  ///   - tracer: gets a span of each attempt, below the current task's, or below
  ///     `CallContext.trace` where that has none. The service is told the attempt's span.
  ///   - observe: is told about each attempt that is over, such as to count it. Without a tracer
  ///     it may export its span: without either no span is made, and the service is told the
  ///     caller's.
  public init(
    _ service: ServiceEntry, policy: ServiceCallPolicy = ServiceCallPolicy(),
    clock: any CallClock = MonotonicClock(),
    transport: HTTPClient.Configuration = HTTPClient.Configuration(),
    encoder: JSONEncoder = JSONEncoder(), decoder: JSONDecoder = JSONDecoder(),
    logger: Logger? = nil, tracer: (any Tracer)? = nil,
    observe: (@Sendable (CallAttempt) -> Void)? = nil
  ) {
    self.service = service
    self.policy = policy
    self.clock = clock
    self.encoder = encoder
    self.decoder = decoder
    self.tracer = tracer
    self.observe = observe
    gate = SharedGate(service, policy, logger)
    var settings = transport
    settings.redirectConfiguration = .disallow
    settings.timeout.connect = .milliseconds(Int64(clamping: policy.connect.milliseconds))
    settings.timeout.read = nil
    settings.timeout.write = nil
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, policy.connections)
    // One span for a request is enough.
    if tracer != nil { settings.tracing.tracer = nil }
    // Another endpoint may be better, and the call knows how long there is time.
    settings.connectionPool.retryConnectionEstablishment = false
    http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: settings)
  }

  /// Ends the connections; what is under way fails.
  public func close() async { try? await http.shutdown() }

  /// Makes a call.
  ///
  /// - Returns: the answer, whatever its status is.
  /// - Throws: when there is none.
  public func send(_ request: ServiceRequest) async throws(ServiceCallError) -> ServiceAnswer {
    var run = CallRun(self, request, CallContext.current)
    return try await run.answer()
  }
}
