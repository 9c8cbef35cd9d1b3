// SPDX-License-Identifier: Apache-2.0

/// How big each thing of the data plane may get; sizes are bytes.
public struct ProxyLimits: Sendable, Equatable {
  /// Bytes below which one worker cannot keep what a few exchanges need.
  static let leastMemoryOfWorker = 1 << 20

  /// The request line; then 414.
  public var requestLine: Int
  /// One header field, name and value; then 431.
  public var field: Int
  /// The whole head; then 431.
  public var head: Int
  /// Number of header fields; then 431.
  public var fields: Int
  /// A request body; then 413. Bodies stream, so this bounds work and not memory.
  public var requestBody: Int
  /// Bytes a second that a client has to send of a request body, on average over ten seconds, until
  /// the answer begins; then 408. Streams of gRPC are left alone. 0 takes any rate.
  public var bodyRate: Int
  /// Open client connections, all workers together; further ones wait in the kernel's queue.
  public var clientConnections: Int
  /// Open connections to one upstream endpoint from one worker.
  public var upstreamConnections: Int
  /// Requests under way at a time on one connection to an HTTP/2 upstream, which may allow fewer.
  public var upstreamStreams: Int
  /// Requests of one worker that wait for a connection to one endpoint; then 503.
  public var upstreamQueue: Int
  /// Bytes that the process keeps of messages that cannot go on yet, all connections together, an
  /// equal share for each worker: what a side has not taken, and what is kept to be sent again.
  /// Above it new requests are answered 503, and nobody is read ahead. Pieces below 1 KiB and the
  /// kernel's buffers are not counted. 0 takes any.
  public var memory: Int
  /// What one client's connection of HTTP/2 may ask for.
  public var http2: HTTP2ClientLimits

  /// Creates limits; the head's defaults are those of the field.
  public init(
    requestLine: Int = 8 << 10, field: Int = 16 << 10, head: Int = 64 << 10, fields: Int = 100,
    requestBody: Int = 1 << 30, bodyRate: Int = 256, clientConnections: Int = 10_000,
    upstreamConnections: Int = 256,
    upstreamStreams: Int = 100, upstreamQueue: Int = 1024, memory: Int = 1 << 30,
    http2: HTTP2ClientLimits = .init()
  ) {
    self.requestLine = requestLine
    self.field = field
    self.head = head
    self.fields = fields
    self.requestBody = requestBody
    self.bodyRate = bodyRate
    self.clientConnections = clientConnections
    self.upstreamConnections = upstreamConnections
    self.upstreamStreams = upstreamStreams
    self.upstreamQueue = upstreamQueue
    self.memory = memory
    self.http2 = http2
  }
}
