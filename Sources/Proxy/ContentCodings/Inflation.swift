// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// zlib's decompression of one body, in pieces of a fixed size: what comes out is bounded by its
/// caller, whatever the body says it holds.
struct Inflation {
  enum Format {
    /// RFC 1952; several members one after the other are one body.
    case gzip
    /// RFC 1950, which HTTP calls `deflate`.
    case zlib
    /// RFC 1951 alone, which some servers call `deflate`.
    case raw

    /// As zlib's `windowBits` names them.
    fileprivate var windowBits: Int32 {
      switch self {
      case .gzip: MAX_WBITS + 16
      case .zlib: MAX_WBITS
      case .raw: -MAX_WBITS
      }
    }
  }

  enum End: Equatable {
    /// All of it came out.
    case whole
    /// It is cut off, or no such format, or not what was packed.
    case damaged
    /// The caller had enough.
    case stopped
    /// This process has no memory for it, which says nothing about the body.
    case noMemory
  }

  /// Bytes that come out at a time.
  private static let piece = 32 << 10

  /// Unpacks a body.
  ///
  /// - Parameter take: gets each piece; false stops.
  static func run(
    _ packed: [UInt8], as format: Format, _ take: (ArraySlice<UInt8>) -> Bool
  ) -> End {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    // It refuses its settings or a library of another version for a mistake made here, not there.
    guard inflateInit2_(&stream, format.windowBits, ZLIB_VERSION, size) == Z_OK else {
      return .noMemory
    }
    defer { inflateEnd(&stream) }
    var piece = [UInt8](repeating: 0, count: Self.piece)
    return packed.withUnsafeBufferPointer { input in
      // zlib reads it only, whatever its header says; a copy would be out of the shadow's budget.
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      // Bodies are kept whole up to 64 MiB.
      stream.avail_in = UInt32(clamping: input.count)
      while true {
        let (status, count) = piece.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          let status = inflate(&stream, Z_NO_FLUSH)
          return (status, output.count - Int(stream.avail_out))
        }
        if count > 0, !take(piece[..<count]) { return .stopped }
        switch status {
        case Z_OK: continue
        case Z_STREAM_END:
          guard format == .gzip, isMember(stream) else { return .whole }
          guard inflateReset(&stream) == Z_OK else { return .damaged }
        case Z_MEM_ERROR: return .noMemory
        // Nothing came in or out any more: it is cut off.
        default: return .damaged
        }
      }
    }
  }

  /// Whether another member follows, be it cut off; whatever else does is no part of the body.
  private static func isMember(_ stream: z_stream) -> Bool {
    guard stream.avail_in >= 1, let next = stream.next_in else { return false }
    return next[0] == 0x1f && (stream.avail_in == 1 || next[1] == 0x8b)
  }
}
