// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

/// One request to a service.
public struct ServiceRequest: Sendable {
  /// The method.
  public var method: HTTPRequest.Method
  /// Path and query as they are sent, such as `/orders?state=open`.
  public var path: String
  /// Fields besides those that every call carries.
  public var headers: HTTPFields
  /// The body; empty for none.
  public var body: [UInt8]

  /// Creates a request.
  ///
  /// - Parameters:
  ///   - method: what is asked for.
  ///   - path: path and query.
  ///   - headers: fields besides those that every call carries.
  ///   - body: empty for none.
  ///   - idempotencyKey: sent as `Idempotency-Key`. A service that knows the key answers a second
  ///     request as it did the first, so a POST that carries one may be sent again.
  public init(
    _ method: HTTPRequest.Method = .get, _ path: String, headers: HTTPFields = [:],
    body: [UInt8] = [], idempotencyKey: String? = nil
  ) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
    if let idempotencyKey { self.headers[named: Self.idempotencyField] = idempotencyKey }
  }

  /// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
  private static let idempotencyField = "idempotency-key"

  /// Methods that do the same when they are called twice
  /// (https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2).
  private static let idempotent: Set<HTTPRequest.Method> = [
    .get, .head, .options, .trace, .put, .delete,
  ]

  /// The service may be asked twice.
  package var isRepeatable: Bool {
    Self.idempotent.contains(method) || !(headers[named: Self.idempotencyField] ?? "").isEmpty
  }
}

extension HTTPFields {
  /// The field's value by its name; nil where it is absent or no field can have that name.
  package subscript(named name: String) -> String? {
    get { HTTPField.Name(name).flatMap { self[$0] } }
    set { if let name = HTTPField.Name(name) { self[name] = newValue } }
  }
}

/// What a service answered.
public struct ServiceAnswer: Sendable, Equatable {
  /// The status.
  public let status: HTTPResponse.Status
  /// The fields.
  public let headers: HTTPFields
  /// The whole body.
  public let body: [UInt8]

  package init(status: HTTPResponse.Status, headers: HTTPFields, body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The class is 2xx.
  public var isSuccessful: Bool { status.kind == .successful }
}
