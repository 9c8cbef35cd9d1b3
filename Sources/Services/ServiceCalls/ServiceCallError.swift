// SPDX-License-Identifier: Apache-2.0

/// Why a call failed, and whether it may be made once more.
public struct ServiceCallError: Error, Sendable {
  /// Where it failed.
  public enum Source: Sendable, Equatable {
    /// Nothing was sent: the service has no endpoint.
    case noEndpoint
    /// Nothing was sent: the breakers of all endpoints are open.
    case breakerOpen
    /// Nothing was sent: too many calls are under way, and the line is full or took too long.
    case bulkheadFull
    /// Nothing was sent: no connection came about.
    case connect
    /// Nothing was sent: no connection came about in time.
    case connectTimeout
    /// The answer was not there, or not complete, in time.
    case timeout(Limit)
    /// The connection broke before the answer was complete.
    case connectionLost
    /// The service answered with a status that is not of the class 2xx.
    case status(Int)
    /// The answer is longer than the policy takes.
    case answerTooLong
    /// What was to be sent is no JSON, or no request.
    case request
    /// The answer is not what was asked for.
    case decoding
    /// The caller's task was cancelled.
    case cancelled
  }

  /// Whose time was up.
  public enum Limit: Sendable, Equatable {
    /// That of one attempt, `ServiceCallPolicy.retries.perTry`.
    case attempt
    /// That of the call, `ServiceCallPolicy.total`.
    case total
    /// That of whoever asks this service, as its request said.
    case caller
  }

  /// Whether the call may be made once more.
  public enum Retry: Sendable, Equatable {
    /// It does no harm: the service did nothing, or may be asked twice. It may help after this
    /// time.
    case safe(after: Duration)
    /// The service may have done what it was asked for, and would do it again.
    case unsafe
    /// It would get the same.
    case pointless
  }

  /// The service's name.
  public let service: String
  /// Where the call failed.
  public let source: Source
  /// Whether it may be made once more.
  public let retry: Retry
  /// Attempts that were made.
  public let attempts: Int
  /// The endpoint of the last attempt; nil when none was chosen.
  public let endpoint: ServiceEndpoint?
  /// What is known besides, for people.
  public let message: String
  /// The answer that is not of the class 2xx, with its body; nil for any other failure.
  public let answer: ServiceAnswer?

  package init(
    service: String, source: Source, retry: Retry, attempts: Int,
    endpoint: ServiceEndpoint? = nil, message: String, answer: ServiceAnswer? = nil
  ) {
    self.service = service
    self.source = source
    self.retry = retry
    self.attempts = attempts
    self.endpoint = endpoint
    self.message = message
    self.answer = answer
  }
}

extension ServiceCallError.Source {
  /// - Parameter limit: whose time it was, where it was up.
  package init(_ outcome: AttemptOutcome, limit: ServiceCallError.Limit) {
    self =
      switch outcome {
      case .answered(let status, _): .status(status)
      case .refused(.noEndpoint): .noEndpoint
      case .refused(.breakerOpen): .breakerOpen
      case .refused(.bulkheadFull): .bulkheadFull
      case .refused(.cancelled), .cancelled: .cancelled
      case .failed(.connect): .connect
      case .failed(.connectTimeout): .connectTimeout
      case .failed(.timeout): .timeout(limit)
      case .failed(.connectionLost): .connectionLost
      case .failed(.answerTooLong): .answerTooLong
      }
  }
}

extension ServiceCallError: CustomStringConvertible {
  /// One sentence, such as `orders: the connection broke at http://orders:8080 (attempt 3): …`.
  public var description: String {
    var text = "\(service): \(source)"
    if let endpoint { text += " at \(endpoint)" }
    if attempts > 1 { text += " (attempt \(attempts))" }
    if !message.isEmpty { text += ": \(message)" }
    return text
  }
}

extension ServiceCallError.Source: CustomStringConvertible {
  /// As in errors and logs.
  public var description: String {
    switch self {
    case .noEndpoint: "there is no endpoint"
    case .breakerOpen: "the circuit breaker is open"
    case .bulkheadFull: "too many calls are under way"
    case .connect: "no connection"
    case .connectTimeout: "no connection in time"
    case .timeout(.attempt): "no answer within the time of one attempt"
    case .timeout(.total): "no answer within the time of a call"
    case .timeout(.caller): "no answer within the time that the caller waits"
    case .connectionLost: "the connection broke"
    case .status(let status): "answered \(status)"
    case .answerTooLong: "the answer is too long"
    case .request: "the request cannot be sent"
    case .decoding: "the answer is not what was asked for"
    case .cancelled: "cancelled"
    }
  }
}
