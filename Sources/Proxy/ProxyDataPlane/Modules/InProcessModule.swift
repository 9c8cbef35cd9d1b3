// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes
public import NIOCore

/// An upstream that lives in the proxy's own process: a monolith can put the proxy in front of
/// itself without a second listener.
///
/// Routing, counters, fallback and error answers are those of upstreams over the network.
public protocol InProcessModule: Sendable {
  /// Answers one request.
  ///
  /// Send one head, then as much body as there is; the response ends when the call returns. A throw
  /// before the head becomes a 502; after the head the client's connection is cut, as it is when a
  /// server dies. The task is cancelled when the client's connection is gone.
  ///
  /// - Parameters:
  ///   - request: method, scheme `http`, authority, path with query, and fields as they would have
  ///     gone over the network, `X-Forwarded-For` and its like included.
  ///   - body: the request's body; may be left unread.
  ///   - response: where the answer goes.
  func respond(
    to request: HTTPRequest, body: ModuleRequestBody, response: ModuleResponseWriter
  ) async throws
}

/// The body of a request, in pieces as they arrive. The client is held back while nobody reads.
public struct ModuleRequestBody: AsyncSequence, Sendable {
  /// One piece of the body.
  public typealias Element = ByteBuffer

  typealias Producer = NIOThrowingAsyncSequenceProducer<
    ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark,
    ModuleBodyDelegate
  >

  private let source: Producer
  private let onFirstRead: (@Sendable () -> Void)?

  init(_ source: Producer, onFirstRead: (@Sendable () -> Void)?) {
    self.source = source
    self.onFirstRead = onFirstRead
  }

  /// Iterates over the pieces; throws when the client is gone before the end.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: Producer.AsyncIterator
    fileprivate var onFirstRead: (@Sendable () -> Void)?

    /// The next piece, or nil at the end of the body.
    @concurrent
    public mutating func next() async throws -> ByteBuffer? {
      onFirstRead?()
      onFirstRead = nil
      return try await base.next()
    }
  }

  /// Can be called once.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: source.makeAsyncIterator(), onFirstRead: onFirstRead)
  }
}

/// Why a module's response could not be sent.
public enum ModuleResponseError: Error, Sendable, Equatable {
  /// The client is gone or the exchange was given up; nothing sent now would arrive.
  case exchangeOver
  /// A head was sent twice, or a body before its head.
  case outOfOrder
}

/// Sends a module's response: a head, then pieces of body.
public struct ModuleResponseWriter: Sendable {
  /// The client's connection, for frameworks that want its event loop, allocator or addresses.
  /// Nobody but the proxy may write to it or close it.
  public let channel: any Channel
  private let link: NIOLoopBound<ModuleLink>

  init(_ link: ModuleLink, _ channel: any Channel) {
    self.link = NIOLoopBound(link, eventLoop: channel.eventLoop)
    self.channel = channel
  }

  /// Sends the head. With a `Content-Length` field the body must have that length; without one the
  /// body is sent in chunks. Interim (1xx) heads may come before the final one.
  ///
  /// Throws `ModuleResponseError`.
  public func send(_ head: HTTPResponse) async throws {
    try await perform { $0.acceptHead(head, $1) }
  }

  /// Sends a piece of body and waits until there is room for more.
  ///
  /// Throws `ModuleResponseError`.
  public func write(_ bytes: ByteBuffer) async throws {
    try await perform { $0.acceptBody(bytes, $1) }
  }

  private func perform(
    _ action: @escaping @Sendable (ModuleLink, EventLoopPromise<Void>) -> Void
  ) async throws {
    let promise = channel.eventLoop.makePromise(of: Void.self)
    let link = link
    channel.eventLoop.execute { action(link.value, promise) }
    try await promise.futureResult.get()
  }
}
