// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TraceSpans
public import Tracing
internal import TransactionalMessaging

/// A span of a service; what is said of it after its end is lost.
public final class ServiceSpan: Span {
  /// The trace, with this span.
  public let context: ServiceContext
  /// nil once it has ended, and for a span that is not recorded.
  private let state: Mutex<RecordedSpan?>
  private let name: Mutex<String>
  private let attributesState = Mutex<SpanAttributes>([:])
  private let finished: @Sendable (RecordedSpan) -> Void

  init(
    _ name: String, _ context: ServiceContext, recording: RecordedSpan?,
    finished: @escaping @Sendable (RecordedSpan) -> Void
  ) {
    self.context = context
    self.name = Mutex(name)
    state = Mutex(recording)
    self.finished = finished
  }

  /// Its trace is recorded, and it has not ended.
  public var isRecording: Bool { state.withLock { $0 != nil } }

  /// What it is called.
  public var operationName: String {
    get { name.withLock(\.self) }
    set { name.withLock { $0 = newValue } }
  }

  /// What is known of it.
  public var attributes: SpanAttributes {
    get { attributesState.withLock(\.self) }
    set { attributesState.withLock { $0 = newValue } }
  }

  /// Says how it went.
  public func setStatus(_ status: SpanStatus) {
    state.withLock { span in
      span?.status = status.code == .ok ? .fine : .failed
      span?.message = status.message
    }
  }

  /// Notes that something happened.
  public func addEvent(_ event: SpanEvent) {
    note(
      RecordedSpan.Event(
        name: event.name, time: event.nanosecondsSinceEpoch,
        attributes: RecordedSpan.Attribute.all(event.attributes)))
  }

  /// Notes an error; a span that says nothing of its status has failed with it.
  public func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    note(
      RecordedSpan.Event(
        name: "exception", time: instant().nanosecondsSinceEpoch,
        attributes: [
          .init("exception.type", .text("\(type(of: error))")),
          .init("exception.message", .text("\(error)")),
        ] + RecordedSpan.Attribute.all(attributes)))
    state.withLock { span in
      guard span?.status == .unset else { return }
      span?.status = .failed
      span?.message = "\(error)"
    }
  }

  /// Notes that it has to do with another span.
  public func addLink(_ link: SpanLink) {
    guard let other = link.context.traceContext else { return }
    let attributes = RecordedSpan.Attribute.all(link.attributes)
    state.withLock { span in
      // One more than is kept, so that it is seen that there were more.
      guard let count = span?.links.count, count <= RecordedSpan.mostKept else { return }
      span?.links.append(.init(context: other, attributes: attributes))
    }
  }

  private func note(_ event: RecordedSpan.Event) {
    state.withLock { span in
      guard let count = span?.events.count, count <= RecordedSpan.mostKept else { return }
      span?.events.append(event)
    }
  }

  /// It is over; a second end changes nothing.
  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    guard var span = state.withLock({ $0.take() }) else { return }
    span.end = max(span.start, instant().nanosecondsSinceEpoch)
    span.name = operationName
    span.attributes = RecordedSpan.Attribute.all(attributes)
    finished(span)
  }
}

extension RecordedSpan.Attribute {
  fileprivate static func all(_ attributes: SpanAttributes) -> [RecordedSpan.Attribute] {
    var all: [RecordedSpan.Attribute] = []
    attributes.forEach { key, value in
      if let value = RecordedSpan.Value(value) { all.append(.init(key, value)) }
    }
    return all.sorted { $0.key < $1.key }
  }
}

extension RecordedSpan.Value {
  fileprivate init?(_ attribute: SpanAttribute) {
    switch attribute {
    case .int32(let value): self = .number(Int64(value))
    case .int64(let value): self = .number(value)
    case .double(let value): self = .fraction(value)
    case .bool(let value): self = .truth(value)
    case .string(let value): self = .text(value)
    case .int32Array(let values): self = .list(values.map { .number(Int64($0)) })
    case .int64Array(let values): self = .list(values.map { .number($0) })
    case .doubleArray(let values): self = .list(values.map { .fraction($0) })
    case .boolArray(let values): self = .list(values.map { .truth($0) })
    case .stringArray(let values): self = .list(values.map { .text($0) })
    default: return nil
    }
  }
}
