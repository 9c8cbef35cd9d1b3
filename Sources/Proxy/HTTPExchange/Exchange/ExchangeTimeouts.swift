// SPDX-License-Identifier: Apache-2.0

/// How long each party may take, in milliseconds. 0 means no limit.
public struct ExchangeTimeouts: Sendable, Equatable {
  /// Making a connection to an upstream.
  public var connect: UInt64
  /// From the first byte of a request head to its last.
  public var requestHead: UInt64
  /// From the end of the request to the end of the response head.
  public var responseHead: UInt64
  /// Without a byte moving while a body is on its way.
  public var bodyIdle: UInt64
  /// Without a byte in either direction of a tunnel.
  public var tunnel: UInt64
  /// A client connection between two requests.
  public var clientIdle: UInt64
  /// A pooled upstream connection.
  public var upstreamIdle: UInt64
  /// A whole exchange, retries included.
  public var total: UInt64
  /// Waiting for a client to take its last answer and close.
  public var linger: UInt64
  /// How long an idle client connection is kept for one more request while draining.
  public var drainQuiet: UInt64

  /// Creates timeouts; the defaults are those of the design.
  public init(
    connect: UInt64 = 2000, requestHead: UInt64 = 10_000, responseHead: UInt64 = 30_000,
    bodyIdle: UInt64 = 30_000, tunnel: UInt64 = 3_600_000, clientIdle: UInt64 = 60_000,
    upstreamIdle: UInt64 = 30_000,
    total: UInt64 = 300_000, linger: UInt64 = 2000, drainQuiet: UInt64 = 300
  ) {
    self.connect = connect
    self.requestHead = requestHead
    self.responseHead = responseHead
    self.bodyIdle = bodyIdle
    self.tunnel = tunnel
    self.clientIdle = clientIdle
    self.upstreamIdle = upstreamIdle
    self.total = total
    self.linger = linger
    self.drainQuiet = drainQuiet
  }
}
