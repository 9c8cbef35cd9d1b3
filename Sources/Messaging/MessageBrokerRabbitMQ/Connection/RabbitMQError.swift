// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// What is wrong with a RabbitMQ server, with its queues, or with one message. No text holds a
/// secret.
public struct RabbitMQError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Code: Sendable, Equatable {
    /// An address, a name or a file of the configuration cannot be used.
    case configuration
    /// There is no connection: nobody listens, it was lost, or it was closed.
    case connection
    /// The server does not take these credentials, or they do not allow what was asked.
    case credentials
    /// There is no such virtual host, or this user may not use it.
    case virtualHost
    /// Exchange or queue are not there.
    case missing
    /// Exchange or queue are there with other settings.
    case unsuitable
    /// No queue takes messages of this topic.
    case unroutable
    /// A queue is full, or could not store the message for another reason.
    case notStored
    /// The server takes no messages at the moment: its memory or its disk is nearly full.
    case blocked
    /// The message is larger than the server allows, or cannot be expressed.
    case message
    /// No answer came in time; whether the server acted is not known.
    case timedOut
    /// Too much waits already, or the caller was cancelled.
    case notSent
    /// The server refused for another reason; its number.
    case refused(Int)
  }

  /// What a caller can tell apart.
  public let code: Code
  /// What happened and what to do.
  public let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// What happened and what to do.
  public var description: String { message }

  /// What a relay makes of it: only what is about this message or its topic counts as the message's
  /// failure and ends with the dead letters; everything else is waited out.
  package var publishFailure: PublishFailure {
    code == .message || code == .unroutable ? .rejected(message) : .unavailable(message)
  }
}
