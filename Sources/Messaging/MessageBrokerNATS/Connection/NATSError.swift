// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// What is wrong with a NATS server, with a stream, or with one message. No text holds a secret.
public struct NATSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Code: Sendable, Equatable {
    /// An address, a name or a file of the configuration cannot be used.
    case configuration
    /// There is no connection: nobody listens, it was lost, or it was closed here.
    case connection
    /// The server does not take these credentials, or they do not allow what was asked.
    case credentials
    /// The server runs without JetStream, or the account may not use it.
    case jetStreamDisabled
    /// There is no stream of that name, or it does not take the subject.
    case streamMissing
    /// The stream or the consumer is there and set up in a way that would lose events.
    case unsuitable
    /// The stream or the server's disk is full.
    case full
    /// The message is larger than server or stream allow, or has no valid subject.
    case message
    /// No answer came in time; whether the server acted is not known.
    case timedOut
    /// Too much waits already, or the caller was cancelled.
    case notSent
    /// The server refused for another reason; JetStream's number.
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

  /// What a relay makes of it: only what is about one message counts as that message's failure and
  /// ends with the dead letters; everything else is waited out.
  package var publishFailure: PublishFailure {
    code == .message ? .rejected(message) : .unavailable(message)
  }
}
