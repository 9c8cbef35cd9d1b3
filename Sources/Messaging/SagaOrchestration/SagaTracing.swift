// SPDX-License-Identifier: Apache-2.0

import SagaModel
import Synchronization
import TracePropagation
import Tracing
import TransactionalMessaging

/// Spans of the steps of sagas: one for each attempt, below the context that the saga was begun
/// with. A saga that was begun without one has none.
///
/// The span of a command is the one in which it is appended; what the service does comes below it.
/// A span of what is stored with the saga ends once that is, and is forgotten where it is not.
final class SagaTracing: Sendable {
  private let tracer: any Tracer
  /// By saga and attempt: what is not stored yet.
  private let open = Mutex<[String: [String: any Span]]>([:])

  init(_ tracer: any Tracer) { self.tracer = tracer }

  /// Begins a span of an attempt, which is told it; nil where there is none.
  func begin(_ call: inout SagaCall, _ kind: SpanKind = .internal) -> (any Span)? {
    guard let parent = call.trace.flatMap(TraceContext.init(text:)) else { return nil }
    let step = call.direction == .forward ? call.step : "compensate \(call.step)"
    let span: any Span = tracer.startSpan(
      "\(call.saga) \(step)", context: tracer.serviceContext(parent), ofKind: kind)
    call.trace = tracer.traceContext(span.context)?.text ?? call.trace
    guard span.isRecording else { return span }
    let attempt = call
    span.updateAttributes { attributes in
      attributes["strangler.saga.name"] = attempt.saga
      attributes["strangler.saga.id"] = attempt.sagaID
      attributes["strangler.saga.step"] = attempt.step
      attributes["strangler.saga.direction"] = attempt.direction.rawValue
      attributes["strangler.saga.attempt"] = attempt.attempt
    }
    return span
  }

  /// Begins a span that ends with `stored`.
  func beginStoring(_ call: inout SagaCall, _ kind: SpanKind = .internal) {
    guard let span = begin(&call, kind) else { return }
    // What is decided once more takes the place of what came to nothing.
    let (saga, attempt) = (call.sagaID, "\(call.key):\(call.attempt)")
    open.withLock { $0[saga, default: [:]][attempt] = span }
  }

  /// What was written was refused, or failed.
  func failed(_ call: SagaCall, _ error: any Error) {
    let attempt = "\(call.key):\(call.attempt)"
    open.withLock { $0[call.sagaID]?[attempt] }?.recordError(error)
  }

  /// What a saga came to is stored, or never will be.
  func stored(_ saga: String, _ isStored: Bool) {
    guard let spans = open.withLock({ $0.removeValue(forKey: saga) }), isStored else { return }
    for span in spans.values { span.end() }
  }
}
