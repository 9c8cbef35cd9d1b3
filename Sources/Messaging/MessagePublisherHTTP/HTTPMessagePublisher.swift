// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
public import TransactionalMessaging

/// Posts each event to one address, as a CloudEvent: for a service that takes its events itself,
/// without a broker in between.
///
/// An answer of the class 2xx is the acknowledgement, so the service must answer once the event's
/// effects are committed, as an inbox does. It sees the events of an aggregate in order, and some
/// of them more than once.
public struct HTTPMessagePublisher: MessagePublisher {
  /// How much of an answer's text a failure quotes, in bytes.
  static let quotedBytes = 512
  /// How much of an answer is read before the connection is given up, in bytes.
  static let answerBytes = 64 << 10

  /// Where to, who, and how long.
  public struct Configuration: Sendable {
    /// `http://` or `https://`.
    public var url: String
    /// Sent as a bearer token.
    public var token: String?
    /// The events' `ce-source`.
    public var source: String
    /// Longest wait for an answer, in milliseconds.
    public var timeout: Int64
    /// Longest wait for a connection, in milliseconds; half of `timeout` where that is less.
    public var connecting: Int64
    /// Most publications at the same time, as the relay is told. Over HTTP/1.1 each needs a
    /// connection of its own: one that waits for another's looks like an outage.
    public var concurrency: Int

    /// Creates a configuration.
    public init(
      url: String, token: String? = nil, source: String = "/outbox", timeout: Int64 = 30_000,
      connecting: Int64 = 5_000, concurrency: Int = RelayConfiguration.concurrencyOfSingles
    ) {
      self.url = url
      self.token = token
      self.source = source
      self.timeout = timeout
      self.connecting = connecting
      self.concurrency = concurrency
    }

    /// What a connection may take, so that it fails before the event does.
    var connectingLimit: Int64 { max(1, min(connecting, timeout / 2)) }
  }

  private let configuration: Configuration
  private let client: HTTPClient

  /// Opens connections as it needs them; call `close` at the end.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    var settings = HTTPClient.Configuration()
    // Whoever moves has to be told to the relay: an answer from elsewhere is no acknowledgement.
    settings.redirectConfiguration = .disallow
    // The deadline is the head's; a body that stops coming must not hold a publication either.
    settings.timeout.read = .milliseconds(configuration.timeout)
    settings.timeout.connect = .milliseconds(configuration.connectingLimit)
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(
      1, configuration.concurrency)
    // A failed connection is the relay's to wait out; the event must not hang meanwhile.
    settings.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: settings)
  }

  /// Ends its connections.
  public func close() async { try? await client.shutdown() }

  /// Returns when the service has answered with 2xx.
  public func publish(_ message: BrokerMessage) async throws(PublishFailure) {
    let request: HTTPClientRequest
    do {
      request = try self.request(message)
    } catch {
      throw .rejected("the event cannot be sent: \(error)")
    }
    let status: Int
    let text: String
    do {
      let response = try await client.execute(
        request, timeout: .milliseconds(configuration.timeout))
      status = Int(response.status.code)
      text = try await Self.text(of: response, isAcknowledged: (200..<300).contains(status))
    } catch {
      throw failure(error)
    }
    if let failure = AnswerMeaning.failure(status: status, text: text) { throw failure }
  }

  private func request(_ message: BrokerMessage) throws -> HTTPClientRequest {
    var request = HTTPClientRequest(url: configuration.url)
    request.method = .POST
    if let token = configuration.token {
      request.headers.add(name: "authorization", value: "Bearer \(token)")
    }
    for field in try CloudEventFields.fields(of: message, source: configuration.source) {
      request.headers.add(name: field.name, value: field.value)
    }
    request.body = .bytes(ByteBuffer(bytes: message.payload))
    return request
  }

  /// The answer's beginning. The rest is read too, so that the connection can be used again; what
  /// an acknowledgement says besides changes nothing about it, even where it ends too early.
  private static func text(
    of response: HTTPClientResponse, isAcknowledged: Bool
  ) async throws -> String {
    var start = ByteBuffer()
    var count = 0
    do {
      for try await part in response.body {
        count += part.readableBytes
        var part = part
        let wanted = min(part.readableBytes, quotedBytes - start.readableBytes)
        if wanted > 0, var piece = part.readSlice(length: wanted) { start.writeBuffer(&piece) }
        if count > answerBytes { break }
      }
    } catch {
      guard isAcknowledged else { throw error }
    }
    return String(buffer: start)
  }

  private func failure(_ error: any Error) -> PublishFailure {
    switch error as? HTTPClientError {
    case .deadlineExceeded, .readTimeout:
      return .rejected("no answer within \(configuration.timeout) ms")
    case .getConnectionFromPoolTimeout:
      return .unavailable("no connection was free within \(configuration.connectingLimit) ms")
    case .connectTimeout:
      return .unavailable("no connection within \(configuration.connectingLimit) ms")
    default:
      // Nobody knows whether it arrived; it is not the event's fault, and it is sent again.
      return .unavailable("\(error)")
    }
  }
}
