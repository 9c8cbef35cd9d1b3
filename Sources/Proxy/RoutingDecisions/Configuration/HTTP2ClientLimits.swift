// SPDX-License-Identifier: Apache-2.0

/// What one client's connection of HTTP/2 may ask for, `proxy.limits.http2` in the file; sizes are
/// bytes.
///
/// Frames that serve no request (PING, SETTINGS, empty DATA and the like) have limits of their own,
/// which no client that means well comes near; they cannot be set.
public struct HTTP2ClientLimits: Sendable, Equatable {
  /// `concurrent-streams`: streams open at a time, told to clients; further ones are refused.
  public var concurrentStreams: Int
  /// `header-block`: one header block on the wire, all its frames together; beyond it the
  /// connection ends.
  public var headerBlock: Int
  /// `header-list`: the fields of one section after decompression, 32 more for each, as the
  /// protocol counts; then 431, and beyond four times as much the connection ends. The head's own
  /// limits hold besides.
  public var headerList: Int
  /// `stream-window`: body bytes that a client may send ahead on one stream.
  public var streamWindow: Int
  /// `connection-window`: body bytes that a client may send ahead on all streams together.
  public var connectionWindow: Int
  /// `resets`: streams taken back by the client at once; beyond it the connection ends.
  public var resets: Int
  /// `resets-per-second`: further ones for each second.
  public var resetsPerSecond: Int
  /// `refusals`: streams that the proxy has to refuse or end for a fault of the client, at once;
  /// beyond it the connection ends.
  public var refusals: Int
  /// `refusals-per-second`: further ones for each second.
  public var refusalsPerSecond: Int
  /// `waiting-answers`: bytes of answers that wait for the client on all streams together; above it
  /// no upstream is read for it until half of them have left.
  public var waitingAnswers: Int

  /// Creates limits; the defaults suit browsers and services.
  public init(
    concurrentStreams: Int = 100, headerBlock: Int = 64 << 10, headerList: Int = 256 << 10,
    streamWindow: Int = 256 << 10, connectionWindow: Int = 1 << 20, resets: Int = 200,
    resetsPerSecond: Int = 50, refusals: Int = 200, refusalsPerSecond: Int = 50,
    waitingAnswers: Int = 1 << 20
  ) {
    self.concurrentStreams = concurrentStreams
    self.headerBlock = headerBlock
    self.headerList = headerList
    self.streamWindow = streamWindow
    self.connectionWindow = connectionWindow
    self.resets = resets
    self.resetsPerSecond = resetsPerSecond
    self.refusals = refusals
    self.refusalsPerSecond = refusalsPerSecond
    self.waitingAnswers = waitingAnswers
  }
}
