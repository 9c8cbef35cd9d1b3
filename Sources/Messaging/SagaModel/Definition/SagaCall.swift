// SPDX-License-Identifier: Apache-2.0

/// What work is told about the attempt that it is.
public struct SagaCall: Sendable, Equatable {
  /// The saga's name, such as `checkout`.
  public var saga: String
  /// Which saga of that name.
  public var sagaID: String
  /// The step's name.
  public var step: String
  /// The step itself, or its compensation.
  public var direction: SagaDirection
  /// Which attempt, from 1.
  public var attempt: Int
  /// W3C trace context, where the saga was begun with one, as `TraceContext.text` writes it. Where
  /// the orchestrator has a tracer it is that of the attempt.
  public var trace: String?

  package init(
    saga: String, sagaID: String, step: String, direction: SagaDirection, attempt: Int,
    trace: String?
  ) {
    self.saga = saga
    self.sagaID = sagaID
    self.step = step
    self.direction = direction
    self.attempt = attempt
    self.trace = trace
  }

  /// Names the work: the same for each attempt, so that whoever does it can tell that it was done.
  public var key: String { Self.key(sagaID, step, direction) }

  /// `saga id:step:direction`.
  static func key(_ sagaID: String, _ step: String, _ direction: SagaDirection) -> String {
    "\(sagaID):\(step):\(direction.rawValue)"
  }
}

/// Thrown by work that will not be done, such as a payment that is declined, and has changed
/// nothing, in an earlier attempt neither: it is not tried again, and before the pivot the saga
/// goes back.
///
/// Any other error is one of an attempt. Work that threw one may have had its effect, unless it is
/// a `write`.
public struct SagaRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// Why, for people.
  public var description: String

  /// Creates a refusal.
  public init(_ reason: String) { description = reason }
}
