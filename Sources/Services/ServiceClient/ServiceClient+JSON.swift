// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import HTTPTypes
public import ServiceCalls

extension ServiceClient {
  /// Gets JSON.
  public func get<Answer: Decodable>(
    _ path: String, as type: Answer.Type = Answer.self
  ) async throws(ServiceCallError) -> Answer {
    try await call(ServiceRequest(.get, path), as: type)
  }

  /// Posts JSON, and gets JSON.
  ///
  /// - Parameters:
  ///   - path: path and query.
  ///   - json: the body.
  ///   - idempotencyKey: lets the call be made again when nobody knows whether it arrived; the same
  ///     for all that shall happen once, such as the order's number.
  ///   - type: what the answer is read as.
  public func post<Answer: Decodable>(
    _ path: String, json: some Encodable, idempotencyKey: String? = nil,
    as type: Answer.Type = Answer.self
  ) async throws(ServiceCallError) -> Answer {
    try await call(request(.post, path, json, idempotencyKey), as: type)
  }

  /// Posts JSON; what the answer says besides its status does not matter.
  public func post(
    _ path: String, json: some Encodable, idempotencyKey: String? = nil
  ) async throws(ServiceCallError) {
    try await call(request(.post, path, json, idempotencyKey))
  }

  /// Puts JSON, and gets JSON.
  public func put<Answer: Decodable>(
    _ path: String, json: some Encodable, as type: Answer.Type = Answer.self
  ) async throws(ServiceCallError) -> Answer {
    try await call(request(.put, path, json, nil), as: type)
  }

  /// Puts JSON; what the answer says besides its status does not matter.
  public func put(_ path: String, json: some Encodable) async throws(ServiceCallError) {
    try await call(request(.put, path, json, nil))
  }

  /// Deletes.
  public func delete(_ path: String) async throws(ServiceCallError) {
    try await call(ServiceRequest(.delete, path))
  }

  /// Makes a call whose answer has to be of the class 2xx, and JSON.
  public func call<Answer: Decodable>(
    _ request: ServiceRequest, as type: Answer.Type = Answer.self
  ) async throws(ServiceCallError) -> Answer {
    var request = request
    if request.headers[.accept] == nil { request.headers[.accept] = "application/json" }
    let answer = try await call(request)
    do {
      return try decoder.decode(Answer.self, from: Data(answer.body))
    } catch {
      throw failure(.decoding, "\(Answer.self): \(error)", answer)
    }
  }

  /// Makes a call whose answer has to be of the class 2xx.
  @discardableResult
  public func call(_ request: ServiceRequest) async throws(ServiceCallError) -> ServiceAnswer {
    var run = CallRun(self, request, CallContext.current)
    let answer = try await run.answer()
    if answer.isSuccessful { return answer }
    throw run.statusError(answer)
  }

  private func request(
    _ method: HTTPRequest.Method, _ path: String, _ value: some Encodable,
    _ idempotencyKey: String?
  ) throws(ServiceCallError) -> ServiceRequest {
    do {
      return ServiceRequest(
        method, path, headers: [.contentType: "application/json"],
        body: Array(try encoder.encode(value)), idempotencyKey: idempotencyKey)
    } catch {
      throw failure(.request, "\(error)", nil)
    }
  }

  private func failure(
    _ source: ServiceCallError.Source, _ message: String, _ answer: ServiceAnswer?
  ) -> ServiceCallError {
    ServiceCallError(
      service: service.name, source: source, retry: .pointless,
      attempts: answer == nil ? 0 : 1, message: message, answer: answer)
  }
}
