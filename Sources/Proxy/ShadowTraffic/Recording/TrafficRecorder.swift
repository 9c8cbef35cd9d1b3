// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import ContentCodings
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import NIOHTTP1
public import ServiceLifecycle
internal import ShadowComparison

/// A small forward on loopback: what goes through it to an upstream is written to a file.
///
/// A recording has to hold requests as they were sent. Stored evidence cannot give that: it is
/// redacted and cut. So this stands between a client and one side, for a test run or a stretch of
/// clicking; it is not made to stand in front of users.
public struct TrafficRecorder: Service {
  /// Largest body of a request, in bytes; beyond it 413.
  public static let requestBytes = 16 << 20
  /// Largest body of an answer that is recorded, in bytes; larger ones pass and are described.
  public static let answerBytes = 4 << 20
  /// Longest wait for the head of an answer.
  public static let patience = Duration.seconds(60)
  /// Most connections that are open at once.
  public static let connections = 256

  private let application: Application<RecordingResponder>
  private let client: HTTPClient

  /// Creates a recorder; nothing listens before `run()`.
  ///
  /// - Parameters:
  ///   - port: on 127.0.0.1; 0 takes a free one.
  ///   - upstream: what is asked.
  ///   - keepsCredentials: whether cookies and authorizations are recorded.
  ///   - onListening: called with the port.
  ///   - onRecorded: called after each exchange with the number of those in the file.
  ///   - time: the time now, ISO 8601.
  public init(
    port: Int, upstream: BaseAddress, file: RecordingFile, keepsCredentials: Bool, logger: Logger,
    time: @escaping @Sendable () -> String,
    onListening: @escaping @Sendable (Int) async -> Void,
    onRecorded: @escaping @Sendable (RecordingFile.Outcome) -> Void
  ) {
    client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup,
      configuration: .comparing(connections: Self.connections))
    application = Application(
      responder: RecordingResponder(
        client: client, upstream: upstream, file: file, keepsCredentials: keepsCredentials,
        time: time, onRecorded: onRecorded),
      configuration: ApplicationConfiguration(
        address: .hostname("127.0.0.1", port: port),
        availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
      onServerRunning: { await onListening($0.localAddress?.port ?? port) }, logger: logger)
  }

  /// Records until graceful shutdown.
  public func run() async throws {
    do {
      try await application.run()
    } catch {
      try? await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }
}

private struct RecordingResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let client: HTTPClient
  let upstream: BaseAddress
  let file: RecordingFile
  let keepsCredentials: Bool
  let time: @Sendable () -> String
  let onRecorded: @Sendable (RecordingFile.Outcome) -> Void

  /// Only a router would turn errors into answers.
  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    do {
      return try await forward(request, context)
    } catch let error as HTTPError {
      return try error.response(from: request, context: context)
    }
  }

  private func forward(
    _ request: Request, _ context: BasicRequestContext
  ) async throws -> Response {
    let start = ContinuousClock.now
    let startedAt = time()
    let target = request.head.path ?? "/"
    let body = try await Self.body(of: request)
    var outgoing = HTTPClientRequest(url: upstream.url(of: target))
    outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in request.headers where CarriedFields.isForwarded(field.name.rawName) {
      outgoing.headers.add(name: field.name.rawName, value: field.value)
    }
    if body.readableBytes > 0 { outgoing.body = .bytes(body) }
    let answer: HTTPClientResponse
    do {
      answer = try await client.execute(outgoing, timeout: .init(TrafficRecorder.patience))
    } catch {
      context.logger.warning(
        "no answer", metadata: ["url": "\(outgoing.url)", "error": "\(error)"])
      throw HTTPError(.badGateway, message: "no answer from \(upstream)")
    }
    let exchange = RecordedExchange(
      startedAt: startedAt, method: request.method.rawValue, url: outgoing.url,
      headers: recorded(outgoing.headers), body: Array(body.readableBytesView))
    return Response(
      status: .init(code: Int(answer.status.code)), headers: fields(of: answer),
      body: passing(answer, exchange, since: start))
  }

  private static func body(of request: Request) async throws -> ByteBuffer {
    do {
      return try await request.body.collect(upTo: TrafficRecorder.requestBytes)
    } catch is NIOTooManyBytesError {
      throw HTTPError(.contentTooLarge)
    }
  }

  /// Passes the body on as it comes and records the exchange once all of it has.
  private func passing(
    _ answer: HTTPClientResponse, _ exchange: RecordedExchange, since start: ContinuousClock.Instant
  ) -> ResponseBody {
    let length = answer.headers.first(name: "content-length").flatMap { Int($0) }
    return ResponseBody(contentLength: length) { writer in
      var bytes: [UInt8] = []
      var digest = BodyDigest()
      for try await chunk in answer.body {
        digest.update(chunk.readableBytesView)
        if digest.count <= TrafficRecorder.answerBytes { bytes += chunk.readableBytesView }
        try await writer.write(chunk)
      }
      try await writer.finish(nil)
      var exchange = exchange
      exchange.milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
      exchange.response = Self.unpacked(
        ComparedResponse(
          status: Int(answer.status.code), headers: recorded(answer.headers),
          body: digest.count <= TrafficRecorder.answerBytes ? .whole(bytes) : .digest(digest)))
      onRecorded(try await file.append(exchange))
    }
  }

  /// A file of this kind holds bodies unpacked; what cannot be unpacked stays as it came.
  private static func unpacked(_ answer: ComparedResponse) -> ComparedResponse {
    let decoder = AnswerDecoder(keptBytes: TrafficRecorder.answerBytes)
    return if case .plain(let plain) = decoder.decode(answer) { plain } else { answer }
  }

  private func recorded(_ headers: HTTPHeaders) -> [ComparedResponse.Header] {
    headers.filter { keepsCredentials || !CarriedFields.isCredential($0.name) }
      .map { .init(name: $0.name, value: $0.value) }
  }

  private func fields(of answer: HTTPClientResponse) -> HTTPFields {
    var fields = HTTPFields()
    for (name, value) in answer.headers where CarriedFields.isForwarded(name) {
      if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
    }
    return fields
  }
}
