// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes
public import TransactionalMessaging

/// One attempt of a call that is over: a client's span, and what metrics count.
public struct CallAttempt: Sendable {
  /// The service's name.
  public let service: String
  /// Where it went.
  public let endpoint: ServiceEndpoint
  /// What was asked.
  public let method: HTTPRequest.Method
  /// What was asked for, query included.
  public let path: String
  /// 1 for the first attempt of a call.
  public let number: Int
  /// The trace, with the attempt's own span, which the service was told; nil outside of any.
  public let trace: TraceContext?
  /// The span that the attempt's is a child of.
  public let parentSpan: String?
  /// How long it took.
  public let duration: Duration
  /// What came back; nil when it failed before.
  public let status: Int?
  /// Where it failed; nil for every answer.
  public let failure: ServiceCallError.Source?

  package init(
    service: String, endpoint: ServiceEndpoint, request: ServiceRequest, number: Int,
    trace: TraceContext?, parentSpan: String?, duration: Duration, status: Int?,
    failure: ServiceCallError.Source?
  ) {
    self.service = service
    self.endpoint = endpoint
    method = request.method
    path = request.path
    self.number = number
    self.trace = trace
    self.parentSpan = parentSpan
    self.duration = duration
    self.status = status
    self.failure = failure
  }
}
