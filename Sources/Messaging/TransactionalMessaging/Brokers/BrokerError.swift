// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a broker's server, with what it keeps there, or with one message. No text
/// holds a secret.
public struct BrokerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Code: Sendable, Equatable {
    /// An address, a name or a file of the configuration cannot be used.
    case configuration
    /// There is no connection: nobody listens, it was lost, or it was closed here.
    case connection
    /// The server does not take these credentials, or they do not allow what was asked.
    case credentials
    /// What is needed is not there: a stream, a consumer, an exchange, a queue, a virtual host.
    case missing
    /// It is there and set up in a way that would lose events, or the server lacks what it takes.
    case unsuitable
    /// Nobody takes messages of this topic.
    case unroutable
    /// A stream, a queue or a disk is full, or could not store the message for another reason.
    case notStored
    /// The server takes no messages at the moment: its memory or its disk is nearly full.
    case blocked
    /// The message is larger than allowed, or cannot be expressed.
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

  /// Creates an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// What happened and what to do.
  public var description: String { message }

  /// What a relay makes of it: only what is about this message or its topic counts as the message's
  /// failure and ends with the dead letters; everything else is waited out.
  public var publishFailure: PublishFailure {
    code == .message || code == .unroutable ? .rejected(message) : .unavailable(message)
  }
}
