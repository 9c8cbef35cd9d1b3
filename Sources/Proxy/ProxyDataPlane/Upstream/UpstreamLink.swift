// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// The far side of one exchange, as the steps of an exchange see it.
///
/// Each transport has one class for it, whatever carries the bytes: a connection to a server, or a
/// module behind the same bytes. A protocol only says what the classes have in common; the steps
/// are compiled for each of them.
protocol UpstreamLink: AnyObject {
  /// Bytes were received and are not consumed yet.
  var hasReceived: Bool { get }
  /// Bytes received and not consumed yet.
  var receivedCount: Int { get }
  func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value
  func consume(_ count: Int)
  /// No byte follows those received.
  var hasEnded: Bool { get }
  /// The connection served another exchange before, so it may have been closing already when this
  /// one was sent.
  var wasUsed: Bool { get }
  /// What the end means when it comes too early; nil leaves that to the exchange.
  var failure: UpstreamFailure? { get }
  /// Nothing more is sent; the far side sees that once it got everything before.
  func finish()
  /// Nothing more is wanted, and the link is of no further use.
  func close()
  /// The exchange is over and the link may serve another one.
  func release()
}

/// Whom the far side of an exchange tells.
protocol LinkClient: AnyObject {
  /// Bytes came, or the end.
  func upstreamIsReadable()
  /// More is taken, or no more for now.
  func upstreamWritability(_ isWritable: Bool)
}
