// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Foundation
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceCalls

/// One request on the wire, and its whole answer.
struct HTTPAttempt {
  /// How it ended; `reason` is what the transport said about a failure.
  struct End {
    var outcome: AttemptOutcome
    var answer: ServiceAnswer?
    var reason = ""
  }

  private struct AnswerTooLong: Error {}

  let http: HTTPClient
  let endpoint: ServiceEndpoint
  let request: ServiceRequest
  /// All that the request carries.
  let fields: HTTPFields
  /// Bytes of the answer's body at most.
  let limit: Int

  func run(until: UInt64, on clock: any CallClock) async -> End {
    do {
      guard let answer = try await clock.within(until, { try await exchange() }) else {
        return End(outcome: .failed(.timeout))
      }
      return End(
        outcome: .answered(status: answer.status.code, retryAfter: answer.retryAfter),
        answer: answer)
    } catch is AnswerTooLong {
      return End(
        outcome: .failed(.answerTooLong), reason: "the answer has more than \(limit) bytes")
    } catch {
      if Task.isCancelled { return End(outcome: .cancelled) }
      return End(outcome: .failed(AttemptOutcome.Failure(error)), reason: "\(error)")
    }
  }

  private func exchange() async throws -> ServiceAnswer {
    var message = HTTPClientRequest(url: "\(endpoint)\(request.path)")
    message.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in fields { message.headers.add(name: field.name.rawName, value: field.value) }
    if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
    // Time is up when the clock says so, for the body too.
    let response = try await http.execute(message, deadline: .distantFuture)
    var body: [UInt8] = []
    for try await part in response.body {
      if body.count + part.readableBytes > limit { throw AnswerTooLong() }
      body.append(contentsOf: part.readableBytesView)
    }
    var headers = HTTPFields()
    for (name, value) in response.headers {
      guard let name = HTTPField.Name(name) else { continue }
      headers.append(HTTPField(name: name, value: value))
    }
    return ServiceAnswer(
      status: HTTPResponse.Status(code: Int(response.status.code)), headers: headers, body: body)
  }
}

extension ServiceAnswer {
  /// Milliseconds that `Retry-After` asks for.
  var retryAfter: UInt64? { headers[named: "retry-after"].flatMap(RetryAfter.milliseconds) }
}

extension AttemptOutcome.Failure {
  /// What an error of the transport means. What is not known to come before the request was sent
  /// counts as after it.
  init(_ error: any Error) {
    switch error {
    case is NIOConnectionError: self = .connect
    case let error as IOError where error.errnoCode == ECONNREFUSED: self = .connect
    case let error as HTTPClientError:
      switch error {
      case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout,
        .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
        self = .connectTimeout
      default: self = .connectionLost
      }
    default: self = .connectionLost
    }
  }
}
