// SPDX-License-Identifier: Apache-2.0

/// How an upstream failed a request.
package enum UpstreamFailure: UInt8, Sendable, Equatable, CaseIterable {
  /// No endpoint is configured or every one was tried.
  case noEndpoint
  /// As many connections are in use as the limit allows, and none became free in time.
  case connectionLimit
  /// The connection could not be made.
  case connectFailed
  /// The connection was not made in time.
  case connectTimeout
  /// The connection could not be secured.
  case tlsFailed
  /// The upstream's certificate is not one that the proxy trusts for it.
  case certificateRefused
  /// The connection closed before the answer began.
  case closedBeforeResponse
  /// The connection closed inside the answer's head or body.
  case closedMidResponse
  /// The TLS connection closed without notice, so what came may not be all.
  case truncated
  /// The answer breaks a rule of the protocol.
  case malformedResponse
  /// The answer did not begin in time.
  case responseTimeout
  /// The answer stopped for too long or took too long altogether.
  case stalled
  /// The module threw before it answered.
  case moduleFailed
  /// The upstream said that it did not look at the request (HTTP/2).
  case refusedStream
  /// The upstream failed so often of late that it is not asked.
  case circuitOpen
  /// As many requests are under way, and wait, as the upstream is given.
  case overloaded
  /// No place became free in time.
  case queueTimeout
  /// One try took as long as a try may.
  case tryTimeout
  /// The request cannot be put as the upstream has to be asked: nobody but its client is at fault.
  case unfitRequest
  /// The proxy's own process has no descriptor or memory for another connection.
  case outOfResources
  /// A part without which there is no composed answer failed.
  case partFailed

  package var status: Int {
    switch self {
    case .unfitRequest: 431
    case .noEndpoint, .connectionLimit, .circuitOpen, .overloaded, .queueTimeout, .outOfResources:
      503
    case .connectTimeout, .responseTimeout, .stalled, .tryTimeout: 504
    case .connectFailed, .tlsFailed, .certificateRefused, .closedBeforeResponse,
      .closedMidResponse, .truncated, .malformedResponse, .moduleFailed, .refusedStream,
      .partFailed:
      502
    }
  }

  package var name: String {
    switch self {
    case .noEndpoint: "no-endpoint"
    case .connectionLimit: "connection-limit"
    case .connectFailed: "connect-failed"
    case .connectTimeout: "connect-timeout"
    case .tlsFailed: "tls-failed"
    case .certificateRefused: "certificate-refused"
    case .truncated: "truncated"
    case .closedBeforeResponse: "closed-before-response"
    case .closedMidResponse: "closed-mid-response"
    case .malformedResponse: "malformed-response"
    case .responseTimeout: "response-timeout"
    case .stalled: "stalled"
    case .moduleFailed: "module-failed"
    case .refusedStream: "refused-stream"
    case .circuitOpen: "circuit-open"
    case .overloaded: "overloaded"
    case .queueTimeout: "queue-timeout"
    case .tryTimeout: "try-timeout"
    case .unfitRequest: "unfit-request"
    case .outOfResources: "out-of-resources"
    case .partFailed: "part-failed"
    }
  }

  package var detail: String {
    switch self {
    case .noEndpoint: "The upstream has no endpoint to ask."
    case .connectionLimit: "The upstream is busy: every connection allowed is in use."
    case .connectFailed: "The upstream could not be reached."
    case .connectTimeout: "The upstream did not accept the connection in time."
    case .tlsFailed: "The connection to the upstream could not be secured."
    case .certificateRefused: "The upstream's certificate is not trusted for it."
    case .truncated: "The upstream's connection ended without notice: its answer may be cut."
    case .closedBeforeResponse: "The upstream closed the connection before it answered."
    case .closedMidResponse: "The upstream closed the connection within its answer."
    case .malformedResponse: "The upstream's answer is not valid HTTP/1.1."
    case .responseTimeout: "The upstream did not answer in time."
    case .stalled: "The upstream stopped answering."
    case .moduleFailed: "The module failed before it answered."
    case .refusedStream: "The upstream refused to take the request on its connection."
    case .circuitOpen: "The upstream failed too often of late and is given time to recover."
    case .overloaded: "The upstream is busy: every place, and every place in line, is taken."
    case .queueTimeout: "The upstream is busy: no place became free in time."
    case .tryTimeout: "The upstream did not answer in the time of one try."
    case .outOfResources: "This proxy has no room for another connection; try again."
    case .unfitRequest: "The request's fields are more than the upstream takes."
    case .partFailed: "A part without which there is no answer failed."
    }
  }

  /// Not one byte of the request reached the upstream.
  package var isBeforeSending: Bool {
    switch self {
    case .noEndpoint, .connectionLimit, .connectFailed, .connectTimeout, .tlsFailed,
      .certificateRefused, .circuitOpen, .overloaded, .queueTimeout, .outOfResources:
      true
    default: false
    }
  }
}
