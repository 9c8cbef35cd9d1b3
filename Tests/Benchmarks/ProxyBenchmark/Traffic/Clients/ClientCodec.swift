// SPDX-License-Identifier: Apache-2.0

/// What a client says on its connection, without a socket. Every client is a user of its own, so
/// that the sticky split divides the clients.
protocol ClientCodec: AnyObject {
  /// When the requests that were answered since the last look were due.
  var answered: [Instant] { get set }
  /// Asks once more; to be called only while a request may be added.
  func ask(due: Instant) throws
  /// Takes bytes of the contender. Anything but whole answers with status 200 is an error.
  func receive(_ bytes: UnsafeRawBufferPointer) throws
  /// Hands over what is to be sent, if anything is.
  func withOutput(_ send: (UnsafeRawBufferPointer) throws -> Void) throws
}

/// One request at a time, always the same.
final class HTTP1Client: ClientCodec {
  var answered: [Instant] = []
  private let request: [UInt8]
  private var reader = ResponseReader()
  /// When the request under way was due; nil when none is.
  private var due: Instant?
  private var isUnsent = false

  init(number: Int) { request = Self.request(client: number) }

  func ask(due: Instant) throws {
    if self.due != nil { throw BenchmarkError("a client asked before it was answered") }
    self.due = due
    isUnsent = true
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    let completed = try reader.read(bytes)
    if completed == 0 { return }
    guard completed == 1, let due else {
      throw BenchmarkError("a contender answered more than it was asked")
    }
    answered.append(due)
    self.due = nil
  }

  func withOutput(_ send: (UnsafeRawBufferPointer) throws -> Void) throws {
    if !isUnsent { return }
    isUnsent = false
    try request.withUnsafeBytes(send)
  }

  private static func request(client: Int) -> [UInt8] {
    Array(
      """
      GET /items/42?page=1 HTTP/1.1\r
      Host: shop.example\r
      User-Agent: proxy-benchmark\r
      Accept: application/json\r
      X-User-Id: user-\(client)\r
      \r

      """.utf8)
  }
}
