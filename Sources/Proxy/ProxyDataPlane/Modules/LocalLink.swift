// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// An upstream without a connection: what the proxy writes is answered on the same loop, by the
/// bytes that a server would have sent.
class LocalLink {
  /// The answer, as far as it was not consumed.
  final var input = ByteBuffer()
  final var hasEnded = false
  final var failure: UpstreamFailure?
  final var client: (any LinkClient)?

  func write(_ bytes: ByteBuffer) {}
  /// What was written is looked at.
  func flush() {}
  /// Some of `input` was consumed.
  func consumed() {}
  /// Nobody waits for the rest.
  func close() {}

  final func writeAndFlush(_ bytes: ByteBuffer) {
    write(bytes)
    flush()
  }
}
