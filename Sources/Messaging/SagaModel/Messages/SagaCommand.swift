// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// Names of the headers that tell what a command or an answer belongs to.
enum SagaHeader {
  static let saga = "saga"
  static let sagaID = "saga_id"
  static let step = "saga_step"
  static let direction = "saga_direction"
  static let attempt = "saga_attempt"
  static let obliged = "saga_obliged"
  static let outcome = "saga_outcome"
}

/// An event that is no command or no answer of a saga.
public struct MalformedSagaMessage: Error, Sendable, Equatable, CustomStringConvertible {
  /// The event's id.
  public var event: String
  /// The header at fault.
  public var header: String

  /// One sentence with the event and its header.
  public var description: String {
    "event \(event) belongs to no saga: its header \(header) is missing or cannot be read"
  }
}

/// What a saga asks of a service, as the service sees it.
///
/// A command may come more than once under one `key`, and more than one attempt may be on its way:
/// what the key names is done once, and answered the same each time.
public struct SagaCommand: Sendable, Equatable {
  /// What is told about the attempt.
  public var call: SagaCall
  /// What is asked for, such as `reserve-stock`.
  public var type: String
  /// JSON.
  public var payload: [UInt8]
  /// Whether the saga asks until it is done: after its pivot, and on its way back.
  public var isObliged: Bool

  /// The same for each attempt.
  public var key: String { call.key }

  /// Reads a command.
  ///
  /// - Throws: `MalformedSagaMessage`.
  public init(_ received: ReceivedEvent) throws(MalformedSagaMessage) {
    let place = try MessagePlace(received.event)
    let attempt = try place.value(SagaHeader.attempt) { Int($0) }
    call = SagaCall(
      saga: try place.value(SagaHeader.saga) { $0 }, sagaID: place.sagaID, step: place.step,
      direction: place.direction, attempt: attempt,
      trace: received.event.traceContext?.text)
    type = received.event.type
    payload = received.event.payload
    isObliged = received.event.headers[SagaHeader.obliged] == "true"
  }

  /// The event that asks for it.
  package static func event(
    _ call: SagaCall, script: CommandScript, payload: [UInt8], isObliged: Bool, id: String,
    now: Int64
  ) -> OutboxEvent {
    var event = OutboxEvent(
      id: id, aggregateType: script.channel, aggregateID: call.sagaID, type: script.type,
      occurredAt: now,
      headers: [
        SagaHeader.saga: call.saga, SagaHeader.sagaID: call.sagaID, SagaHeader.step: call.step,
        SagaHeader.direction: call.direction.rawValue, SagaHeader.attempt: "\(call.attempt)",
        SagaHeader.obliged: "\(isObliged)",
      ], payload: payload)
    event.traceContext = call.trace.flatMap(TraceContext.init(text:))
    return event
  }

  /// The event with which a service says what came of it; append it in the transaction that did it.
  ///
  /// - Parameters:
  ///   - answer: what came of it.
  ///   - id: a new UUID, lower case.
  ///   - now: milliseconds since 1970.
  public func answer(_ answer: SagaAnswer.Outcome, id: String, now: Int64) -> OutboxEvent {
    var event = OutboxEvent(
      id: id, aggregateType: SagaAnswer.channel(of: call.saga),
      // One service answers for a step, so its outbox numbers these alone.
      aggregateID: "\(call.sagaID):\(call.step)", type: "\(type)-\(answer.name)", occurredAt: now,
      headers: [
        SagaHeader.saga: call.saga, SagaHeader.sagaID: call.sagaID, SagaHeader.step: call.step,
        SagaHeader.direction: call.direction.rawValue, SagaHeader.outcome: answer.name,
      ], payload: answer.payload)
    event.traceContext = call.trace.flatMap(TraceContext.init(text:))
    return event
  }
}

/// What a service answers to a command.
public struct SagaAnswer: Sendable, Equatable {
  /// What came of the command.
  public enum Outcome: Sendable, Equatable {
    /// It is done; the payload is JSON, or empty where there is nothing to say.
    case done([UInt8])
    /// It will not be done, and nothing has changed.
    case refused(String)

    var name: String {
      switch self {
      case .done: "done"
      case .refused: "refused"
      }
    }

    var payload: [UInt8] {
      switch self {
      case .done(let payload): payload.isEmpty ? Array("{}".utf8) : payload
      case .refused(let reason):
        // A dictionary of strings is always JSON.
        (try? ContextText.payload(["reason": reason])) ?? Array("{}".utf8)
      }
    }
  }

  /// Which saga.
  public var sagaID: String
  /// Which of its steps.
  public var step: String
  /// The step itself, or its compensation.
  public var direction: SagaDirection
  /// What came of it.
  public var outcome: Outcome

  /// The aggregate type of answers to a saga's commands; they travel on
  /// `outbox.event.<saga>-answers`.
  public static func channel(of saga: String) -> String { saga + "-answers" }

  /// Reads an answer.
  ///
  /// - Throws: `MalformedSagaMessage`.
  public init(_ received: ReceivedEvent) throws(MalformedSagaMessage) {
    let place = try MessagePlace(received.event)
    sagaID = place.sagaID
    step = place.step
    direction = place.direction
    let payload = received.event.payload
    outcome = try place.value(SagaHeader.outcome) { name in
      switch name {
      case "done": .done(payload)
      case "refused": .refused(Self.reason(payload))
      default: nil
      }
    }
  }

  private static func reason(_ payload: [UInt8]) -> String {
    let text = String(decoding: payload, as: UTF8.self)
    return (try? ContextText.decode([String: String].self, text))?["reason"] ?? text
  }
}

/// What commands and answers have in common.
private struct MessagePlace {
  let event: OutboxEvent
  private(set) var sagaID = ""
  private(set) var step = ""
  private(set) var direction = SagaDirection.forward

  init(_ event: OutboxEvent) throws(MalformedSagaMessage) {
    self.event = event
    sagaID = try value(SagaHeader.sagaID) { $0.isEmpty ? nil : $0 }
    step = try value(SagaHeader.step) { $0.isEmpty ? nil : $0 }
    direction = try value(SagaHeader.direction) { SagaDirection(rawValue: $0) }
  }

  func value<Value>(
    _ header: String, _ read: (String) -> Value?
  ) throws(MalformedSagaMessage) -> Value {
    guard let value = event.headers[header].flatMap(read) else {
      throw MalformedSagaMessage(event: event.id, header: header)
    }
    return value
  }
}
