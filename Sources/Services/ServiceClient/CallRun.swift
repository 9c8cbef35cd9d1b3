// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import ResiliencePolicies
internal import ServiceCalls
internal import TracePropagation
internal import Tracing
internal import TransactionalMessaging

/// One call on its way: carries out what the machine decides.
struct CallRun {
  private let client: ServiceClient
  private let request: ServiceRequest
  private let context: CallContext
  /// Under whose context the attempts' spans come; nil without a tracer.
  private let parent: ServiceContext?
  private var call: CallMachine
  /// Of the last attempt.
  private var endpoint: ServiceEndpoint?
  private var reason = ""
  private var received: ServiceAnswer?

  init(_ client: ServiceClient, _ request: ServiceRequest, _ context: CallContext) {
    self.client = client
    self.request = request
    self.context = context
    parent = client.tracer?.currentContext(or: context.trace)
    call = CallMachine(
      client.policy, at: client.clock.now(), callerDeadline: context.deadline,
      isRepeatable: request.isRepeatable)
  }

  /// The answer that the call ends with.
  mutating func answer() async throws(ServiceCallError) -> ServiceAnswer {
    let clock = client.clock
    client.gate.deposit(at: clock.now())
    var action = call.begin(at: clock.now())
    while true {
      switch action {
      case .attempt(let until):
        let outcome = await attempt(until: until)
        action = next(after: outcome)
      case .wait(let until):
        do {
          try await clock.sleep(until: until)
          action = call.waited(at: clock.now())
        } catch {
          action = next(after: .refused(.cancelled))
        }
      case .end(let end):
        if case .answered = end.outcome, let received { return received }
        throw error(end)
      }
    }
  }

  private mutating func next(after outcome: AttemptOutcome) -> CallMachine.Action {
    client.gate.next(
      after: outcome, of: &call, at: client.clock.now(),
      draw: .random(in: .min ... .max))
  }

  private mutating func attempt(until: UInt64) async -> AttemptOutcome {
    let clock = client.clock
    let entry = await client.gate.enter(
      CallGate.Request(
        key: LoadBalancer.identity(of: request.path), avoided: endpoint,
        draw: .random(in: .min ... .max)),
      deadline: until, on: clock)
    guard case .seat(let seat) = entry else {
      if case .refused(let refusal) = entry { return .refused(refusal) }
      return .refused(.bulkheadFull)
    }
    let start = clock.now()
    let span = beginSpan(seat.endpoint)
    let trace = span.flatMap { client.tracer?.traceContext($0.context) } ?? ownTrace()
    let exchange = HTTPAttempt(
      http: client.http, endpoint: seat.endpoint, request: request,
      fields: fields(remaining: until - min(until, start), trace), limit: client.policy.answerBytes)
    let end = await exchange.run(until: until, on: clock)
    client.gate.leave(seat, end.outcome, at: clock.now())
    endpoint = seat.endpoint
    received = end.answer
    reason = end.reason
    if let span { self.end(span, end) }
    observe(end.outcome, trace, since: start)
    return end.outcome
  }
}

// MARK: - What travels along

extension CallRun {
  /// The trace with a span of this attempt; the caller's where nobody reports one.
  private func ownTrace() -> TraceContext? {
    guard client.observe != nil else { return context.trace }
    return context.trace?.child(span: .random(in: 1 ... .max))
  }

  /// Named and described as OpenTelemetry's conventions for HTTP clients ask.
  private func beginSpan(_ endpoint: ServiceEndpoint) -> (any Span)? {
    guard let tracer = client.tracer, let parent else { return nil }
    let method = request.method.rawValue
    let span: any Span = tracer.startSpan(
      "\(method) \(client.service.name)", context: parent, ofKind: .client)
    guard span.isRecording else { return span }
    let path = request.path.prefix { $0 != "?" }
    let resend = call.attempts
    span.updateAttributes { attributes in
      attributes["http.request.method"] = method
      attributes["url.full"] = "\(endpoint)\(path)"
      attributes["server.address"] = endpoint.host
      attributes["server.port"] = endpoint.port
      if resend > 0 { attributes["http.request.resend_count"] = resend }
    }
    return span
  }

  private func end(_ span: any Span, _ end: HTTPAttempt.End) {
    if case .answered(let code, _) = end.outcome {
      span.attributes["http.response.status_code"] = code
      if code >= 400 { span.setStatus(SpanStatus(code: .error)) }
    } else {
      if case .failed(let failure) = end.outcome {
        span.attributes["error.type"] = "\(failure)"
      } else {
        span.attributes["error.type"] = "cancelled"
      }
      span.setStatus(SpanStatus(code: .error, message: end.reason))
    }
    span.end()
  }

  private func fields(remaining: UInt64, _ trace: TraceContext?) -> HTTPFields {
    var fields = request.headers
    fields[named: CallContext.timeoutField] = "\(max(1, remaining))"
    if let trace {
      fields[named: "traceparent"] = trace.parent
      fields[named: "tracestate"] = trace.state
    }
    return fields
  }

  private var parentSpan: String? {
    guard let tracer = client.tracer, let parent else { return context.trace?.span }
    return tracer.traceContext(parent)?.span
  }

  private func observe(_ outcome: AttemptOutcome, _ trace: TraceContext?, since start: UInt64) {
    guard let observe = client.observe, let endpoint else { return }
    var status: Int?
    var failure: ServiceCallError.Source?
    if case .answered(let code, _) = outcome {
      status = code
    } else {
      failure = ServiceCallError.Source(outcome, limit: .attempt)
    }
    observe(
      CallAttempt(
        service: client.service.name, endpoint: endpoint, request: request,
        number: call.attempts + 1, trace: trace, parentSpan: parentSpan,
        duration: .milliseconds(client.clock.now() - start), status: status, failure: failure))
  }
}

// MARK: - Errors

extension CallRun {
  private func error(_ end: CallEnd) -> ServiceCallError {
    ServiceCallError(
      service: client.service.name,
      source: ServiceCallError.Source(end.outcome, limit: end.limit), retry: end.retry,
      attempts: call.attempts, endpoint: endpoint, message: reason)
  }

  /// The error of an answer that is not of the class 2xx.
  func statusError(_ answer: ServiceAnswer) -> ServiceCallError {
    ServiceCallError(
      service: client.service.name, source: .status(answer.status.code),
      retry: call.retry(afterStatus: answer.status.code, answer.retryAfter),
      attempts: call.attempts, endpoint: endpoint, message: "", answer: answer)
  }
}
