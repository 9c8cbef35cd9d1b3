// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore
public import ProxyDataPlane

/// A Hummingbird application inside the proxy's process, reached without a second listener.
///
///     let module = HummingbirdModule(router.buildResponder(), logger: logger)
///     let proxy = try ProxyServer(configuration: configuration, modules: ["shop": module])
///
/// Middleware, routes and errors behave as behind Hummingbird's own server. What differs:
/// `Request.head` carries the fields the proxy adds, such as `X-Forwarded-For`, the context's
/// channel is the client's connection to the proxy, and no `Date` or `Server` field is set.
public struct HummingbirdModule<Responder: HTTPResponder>: InProcessModule
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
  private let responder: Responder
  private let logger: Logger

  /// Wraps what a router builds, or any other responder.
  public init(_ responder: Responder, logger: Logger) {
    self.responder = responder
    self.logger = logger
  }

  /// Asks the responder and streams its answer; what the responder throws becomes a 500, as behind
  /// Hummingbird's own server.
  ///
  /// Throws when the client is gone or the body cannot be written.
  public func respond(
    to request: HTTPRequest, body: ModuleRequestBody, response: ModuleResponseWriter
  ) async throws {
    let context = Responder.Context(
      source: ApplicationRequestContextSource(channel: response.channel, logger: logger))
    let incoming = Request(head: request, body: RequestBody(asyncSequence: body))
    let outgoing: Response
    do {
      outgoing = try await responder.respond(to: incoming, context: context)
    } catch {
      // Hummingbird's own server answers so, and the proxy must not change what clients see.
      logger.debug("unrecognised error", metadata: ["type": "\(type(of: error))"])
      outgoing = Response(status: .internalServerError)
    }
    var head = outgoing.head
    if let length = outgoing.body.contentLength { head.headerFields[.contentLength] = "\(length)" }
    try await response.send(head)
    try await outgoing.body.write(BodyWriter(response))
  }
}

/// Passes Hummingbird's body on; trailers are not part of what a module can send.
private struct BodyWriter: ResponseBodyWriter {
  private let response: ModuleResponseWriter

  init(_ response: ModuleResponseWriter) { self.response = response }

  mutating func write(_ buffer: ByteBuffer) async throws { try await response.write(buffer) }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
