// SPDX-License-Identifier: Apache-2.0

/// What `Consumer` needs from an inbox: effects exactly once per event, failures kept in order.
public protocol EventInbox: Sendable {
  /// Name of the consumer; each has marks of its own.
  var consumer: String { get }

  /// Handles one delivery. When it returns, the delivery may be acknowledged.
  ///
  /// - Throws: `InboxFull` or the store's error; the delivery must then come again.
  func receive(_ event: ReceivedEvent, now: Int64) async throws -> InboxOutcome

  /// Tries parked events whose turn has come, at most `limit`, oldest first.
  ///
  /// - Returns: how many were tried, and when the next one is due (milliseconds since 1970).
  func retryParked(now: Int64, limit: Int) async throws -> (tried: Int, nextDue: Int64?)
}

/// An event that waits in an inbox.
public struct ParkedEvent: Sendable, Equatable {
  /// Why it waits.
  public enum State: String, Sendable {
    /// Earlier versions are missing or wait themselves.
    case waiting
    /// Its effects threw; it is tried again at `nextAt`.
    case retrying
    /// Its effects threw too often; it waits for an operator: replay or skip.
    case dead
  }

  /// The event.
  public var received: ReceivedEvent
  /// Failed attempts.
  public var attempts: Int
  /// When it is due, milliseconds since 1970.
  public var nextAt: Int64
  /// Text of the last failure, bounded; empty while it only waits.
  public var lastError: String
  /// Equal for failures of the same kind.
  public var fingerprint: String
  /// Why it waits.
  public var state: State

  /// Creates a parked event.
  public init(
    received: ReceivedEvent, attempts: Int, nextAt: Int64, lastError: String, fingerprint: String,
    state: State
  ) {
    self.received = received
    self.attempts = attempts
    self.nextAt = nextAt
    self.lastError = lastError
    self.fingerprint = fingerprint
    self.state = state
  }
}
