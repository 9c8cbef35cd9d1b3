// SPDX-License-Identifier: Apache-2.0

/// How long each wait of the data plane may last; reaching one is answered, never ignored.
public struct ProxyTimeouts: Sendable, Equatable {
  /// Opening a connection to an upstream endpoint; then legacy answers a read instead, another
  /// attempt is made, or 504. So long, too, a request waits for a connection that
  /// `upstream-connections` forbids to open; then 503.
  public var connect: Duration
  /// From the first byte of a request to the end of its head; then 408.
  public var requestHead: Duration
  /// From the end of the request to the first byte of the response head; then 504.
  public var responseHead: Duration
  /// Without any byte in either direction during an exchange; then 408, 504 or a close.
  public var idle: Duration
  /// Without any byte in either direction after the protocol was switched, as to WebSocket; then
  /// both connections are closed. Once one side has ended, `idle` counts.
  public var tunnel: Duration
  /// A client connection between two requests; then it is closed.
  public var keepAlive: Duration
  /// A pooled upstream connection without a request; then it is closed.
  public var upstreamKeepAlive: Duration
  /// A whole exchange, from its first byte to its last; nil sets no limit.
  public var total: Duration?
  /// How long requests in flight may go on after shutdown was asked for.
  public var drain: Duration

  /// Creates timeouts; each default suits interactive HTTP.
  public init(
    connect: Duration = .seconds(2), requestHead: Duration = .seconds(10),
    responseHead: Duration = .seconds(30), idle: Duration = .seconds(60),
    tunnel: Duration = .seconds(3600), keepAlive: Duration = .seconds(60),
    upstreamKeepAlive: Duration = .seconds(30),
    total: Duration? = nil, drain: Duration = .seconds(30)
  ) {
    self.connect = connect
    self.requestHead = requestHead
    self.responseHead = responseHead
    self.idle = idle
    self.tunnel = tunnel
    self.keepAlive = keepAlive
    self.upstreamKeepAlive = upstreamKeepAlive
    self.total = total
    self.drain = drain
  }
}
