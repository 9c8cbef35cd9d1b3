// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import RoutingDecisions

/// An error answer as RFC 9457 writes it.
struct Problem: Error, HTTPResponseError {
  let status: HTTPResponse.Status
  let detail: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  func response(from request: Request, context: some RequestContext) -> Response {
    let body = JSONText.encode(
      Document(title: status.reasonPhrase, status: status.code, detail: detail))
    var headers = headers
    headers[.contentType] = "application/problem+json"
    headers[.cacheControl] = "no-store"
    return Response(status: status, headers: headers, body: .init(byteBuffer: .init(string: body)))
  }

  /// No `type` member: it is `about:blank` then, and `title` is the status's own phrase.
  private struct Document: Encodable {
    let title: String
    let status: Int
    let detail: String
  }
}

/// Gives every error the same form, those of the server library included.
struct ProblemMiddleware: RouterMiddleware {
  /// What there is.
  let paths: RecordedPaths

  func handle(
    _ request: Request, context: AdminRequestContext,
    next: @concurrent (Request, AdminRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let problem as Problem {
      return problem.response(from: request, context: context)
    } catch let error as HTTPError {
      if let refusal = wrongMethod(error.status, request) {
        return refusal.response(from: request, context: context)
      }
      let detail = error.body ?? detail(error.status, request)
      return Problem(error.status, detail, headers: error.headers)
        .response(from: request, context: context)
    }
  }

  /// The path is there and takes other methods; the router does not tell the two apart.
  private func wrongMethod(_ status: HTTPResponse.Status, _ request: Request) -> Problem? {
    let methods = paths.methods(at: request.uri.path)
    guard status == .notFound, !methods.isEmpty, !methods.contains(request.method) else {
      return nil
    }
    let list = methods.map(\.rawValue).joined(separator: ", ")
    return Problem(
      .methodNotAllowed, "\(request.uri.path) takes \(list).", headers: [.allow: list])
  }

  private func detail(_ status: HTTPResponse.Status, _ request: Request) -> String {
    status == .notFound
      ? "There is nothing at \(request.uri.path). There is: "
        + paths.listed.joined(separator: ", ") + "." : status.reasonPhrase
  }
}
