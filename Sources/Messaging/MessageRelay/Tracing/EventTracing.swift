// SPDX-License-Identifier: Apache-2.0

internal import TracePropagation
public import Tracing
public import TransactionalMessaging

/// Spans of events on their way, named and described as OpenTelemetry's conventions for messaging
/// ask (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans).
///
/// An event carries the context in which it was appended, and nobody changes it: the span in which
/// it is published and those in which it is processed are children of that one.
public struct EventTracing: Sendable {
  private let tracer: any Tracer

  /// Creates spans with a tracer.
  public init(_ tracer: any Tracer) { self.tracer = tracer }

  /// Appends an event within a span that the event carries from then on.
  ///
  /// - Parameters:
  ///   - event: what happened.
  ///   - context: in which it happens. A database's closure may not run on the task that waits for
  ///     it: read `ServiceContext.current` before.
  ///   - append: appends the event that it is given.
  public func append<Value>(
    _ event: OutboxEvent, within context: ServiceContext? = .current,
    _ append: (OutboxEvent) throws -> Value
  ) rethrows -> Value {
    let span = begin(
      "append", "create", event, within: context ?? tracer.serviceContext(event.traceContext),
      .producer)
    defer { span.end() }
    var event = event
    event.traceContext = tracer.traceContext(span.context) ?? event.traceContext
    do {
      return try append(event)
    } catch {
      span.recordError(error)
      throw error
    }
  }

  /// Of an event that goes to the broker; nil for one that belongs to no trace.
  func beginSending(_ event: OutboxEvent) -> (any Span)? {
    guard let trace = event.traceContext else { return nil }
    return begin("send", "send", event, within: tracer.serviceContext(trace), .client)
  }

  func endSending(_ span: any Span, _ failure: PublishFailure?) {
    if let failure {
      span.attributes["error.type"] = "publish-failure"
      span.setStatus(SpanStatus(code: .error, message: "\(failure)"))
    }
    span.end()
  }

  /// Of a delivery; what its effects append and begin belongs to it.
  func beginProcessing(_ received: inout ReceivedEvent, group: String) -> any Span {
    let span = begin(
      "process", "process", received.event,
      within: tracer.serviceContext(received.event.traceContext), .consumer)
    span.attributes["messaging.consumer.group.name"] = group
    if let trace = tracer.traceContext(span.context) { received.event.traceContext = trace }
    return span
  }

  func endProcessing(_ span: any Span, _ outcome: Result<InboxOutcome, any Error>) {
    switch outcome {
    case .success(let outcome):
      span.attributes["strangler.inbox.outcome"] = outcome.name
      if case .failed(let reason, _) = outcome {
        span.setStatus(SpanStatus(code: .error, message: "\(reason)"))
      }
    case .failure(let error): span.recordError(error)
    }
    span.end()
  }

  private func begin(
    _ operation: String, _ type: String, _ event: OutboxEvent, within context: ServiceContext,
    _ kind: SpanKind
  ) -> any Span {
    let topic = BrokerMessage.topic(forAggregateType: event.aggregateType)
    let span: any Span = tracer.startSpan("\(operation) \(topic)", context: context, ofKind: kind)
    guard span.isRecording else { return span }
    span.updateAttributes { attributes in
      attributes["messaging.system"] = "outbox"
      attributes["messaging.operation.name"] = operation
      attributes["messaging.operation.type"] = type
      attributes["messaging.destination.name"] = topic
      attributes["messaging.message.id"] = event.id
      attributes["messaging.message.body.size"] = event.payload.count
      attributes["strangler.event.type"] = event.type
    }
    return span
  }
}

extension InboxOutcome {
  fileprivate var name: String {
    switch self {
    case .applied: "applied"
    case .duplicate: "duplicate"
    case .waiting: "waiting"
    case .failed: "failed"
    }
  }
}
