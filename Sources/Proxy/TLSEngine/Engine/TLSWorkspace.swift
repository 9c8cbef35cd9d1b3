// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Where the engines of one thread find received bytes and leave those to send.
///
/// One for all connections of a thread: a connection that is idle owns no buffer. Whoever calls an
/// engine takes what it left here before another engine runs.
package final class TLSWorkspace {
  /// What OpenSSL's callbacks see.
  struct Pipe {
    var input = UnsafeRawBufferPointer(start: nil, count: 0)
    var output: UnsafeMutableRawPointer
    var outputCount = 0
    var outputCapacity: Int
  }

  /// A burst of more than this gives its memory back.
  private static let outputKept = 256 * 1024
  private static let outputAtFirst = 32 * 1024

  /// Most bytes of the wire that are received in one go, by transports that receive here.
  package static let incomingSize = 110 * 1024

  let pipe: UnsafeMutablePointer<Pipe>
  /// Room for bytes of the wire on their way to an engine.
  package let incoming = UnsafeMutableRawBufferPointer.allocate(
    byteCount: incomingSize, alignment: 64)

  package init() {
    pipe = .allocate(capacity: 1)
    pipe.initialize(to: Self.emptyPipe())
  }

  deinit {
    pipe.pointee.output.deallocate()
    pipe.deallocate()
    incoming.deallocate()
  }

  private static func emptyPipe() -> Pipe {
    Pipe(
      output: .allocate(byteCount: outputAtFirst, alignment: 16), outputCapacity: outputAtFirst)
  }

  /// Bytes to send, in order; valid until an engine runs.
  package var outgoing: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pipe.pointee.output, count: pipe.pointee.outputCount)
  }

  /// The bytes to send were taken.
  package func clearOutgoing() {
    pipe.pointee.outputCount = 0
    if pipe.pointee.outputCapacity > Self.outputKept {
      pipe.pointee.output.deallocate()
      pipe.pointee = Self.emptyPipe()
    }
  }
}

extension TLSWorkspace.Pipe {
  mutating func take(_ target: UnsafeMutableRawPointer, _ most: Int) -> Int {
    let count = min(most, input.count)
    target.copyMemory(from: input.baseAddress ?? UnsafeRawPointer(target), byteCount: count)
    input = UnsafeRawBufferPointer(rebasing: input[count...])
    return count
  }

  mutating func append(_ bytes: UnsafeRawPointer, _ count: Int) {
    if outputCapacity &- outputCount < count { grow(outputCount &+ count) }
    (output + outputCount).copyMemory(from: bytes, byteCount: count)
    outputCount &+= count
  }

  private mutating func grow(_ needed: Int) {
    let capacity = max(needed, outputCapacity * 2)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: output, byteCount: outputCount)
    output.deallocate()
    output = larger
    outputCapacity = capacity
  }
}

/// OpenSSL's view of a workspace: a source and sink of bytes that never waits.
enum PipeBIO {
  private nonisolated(unsafe) static let method: OpaquePointer? = {  // never changes once made
    guard
      let method = BIO_meth_new(
        BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes in memory of their thread")
    else { return nil }
    BIO_meth_set_read(method) { bio, target, count in
      guard let bio, let target, let pipe = PipeBIO.pipe(bio) else { return -1 }
      tls_clear_retry(bio)
      if pipe.pointee.input.isEmpty {
        tls_retry_read(bio)
        return -1
      }
      return Int32(truncatingIfNeeded: pipe.pointee.take(target, Int(count)))
    }
    BIO_meth_set_write(method) { bio, bytes, count in
      guard let bio, let bytes, count >= 0, let pipe = PipeBIO.pipe(bio) else { return -1 }
      tls_clear_retry(bio)
      pipe.pointee.append(bytes, Int(count))
      return count
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()

  private static func pipe(_ bio: OpaquePointer) -> UnsafeMutablePointer<TLSWorkspace.Pipe>? {
    BIO_get_data(bio)?.assumingMemoryBound(to: TLSWorkspace.Pipe.self)
  }

  /// nil when memory ran out.
  static func make(_ workspace: TLSWorkspace) -> OpaquePointer? {
    guard let method, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, workspace.pipe)
    BIO_set_init(bio, 1)
    return bio
  }
}
