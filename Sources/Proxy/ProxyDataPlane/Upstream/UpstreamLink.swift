// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// The far side of one exchange: a connection to a server, or a module behind the same bytes.
///
/// Confined to the event loop of its client.
protocol UpstreamLink: AnyObject {
  /// Bytes received and not consumed yet.
  var input: ByteBuffer { get set }
  /// No byte follows those in `input`.
  var hasEnded: Bool { get }
  /// The connection served another exchange before.
  var wasUsed: Bool { get }
  /// What the end means when it comes too early and the exchange knows no better; nil otherwise.
  var failure: UpstreamFailure? { get }
  /// Whom to tell about bytes, the end, and writability; nil when nobody is served.
  var client: (any LinkClient)? { get set }
  /// Writes without flushing.
  func write(_ bytes: ByteBuffer)
  func flush()
  func writeAndFlush(_ bytes: ByteBuffer)
  /// Nothing more is written; the far side sees that once it got everything before.
  func finish()
  /// Part of `input` was consumed: reading may go on.
  func consumed()
  /// Nothing more is wanted, and the link is of no further use.
  func close()
  /// The exchange is over and the link may serve another one.
  func release()
}

/// Whom a link tells.
protocol LinkClient: AnyObject {
  /// The link received bytes or ended.
  func upstreamIsReadable(_ link: any UpstreamLink)
  /// The link takes more, or takes no more for now.
  func upstreamWritability(_ isWritable: Bool, _ link: any UpstreamLink)
}
