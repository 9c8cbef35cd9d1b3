// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import ShadowComparison

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A HAR file that grows by one exchange at a time and is a complete document after each of them,
/// so that whoever ends the recording, and however, finds a file that can be read.
public actor RecordingFile {
  /// What became of an exchange.
  public enum Outcome: Sendable, Equatable {
    /// It is the so-manieth of the file.
    case written(Int)
    /// The file is as large as it may get.
    case full
  }

  private let handle: FileHandle
  private let limit: Int
  private let most: Int
  private var count = 0
  /// Where the next exchange goes: before what closes the document.
  private var end: UInt64

  /// Creates the file for its owner alone. It must not be there yet; throws `POSIXError` otherwise.
  ///
  /// - Parameters:
  ///   - bytes: size beyond which nothing is added.
  ///   - exchanges: most exchanges.
  public init(
    creating path: String, bytes: Int = HTTPArchive.maximumSize,
    exchanges: Int = HTTPArchive.maximumExchanges
  ) throws {
    // Requests of real users are nobody else's to read.
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data((HTTPArchive.beginning + HTTPArchive.end).utf8))
    limit = bytes
    most = exchanges
    end = UInt64(HTTPArchive.beginning.utf8.count)
  }

  /// Adds an exchange.
  public func append(_ exchange: RecordedExchange) throws -> Outcome {
    let line = (count > 0 ? HTTPArchive.separator : "") + HTTPArchive.line(exchange)
    let size = line.utf8.count
    guard count < most, Int(end) + size + HTTPArchive.end.utf8.count <= limit else { return .full }
    try handle.seek(toOffset: end)
    try handle.write(contentsOf: Data((line + HTTPArchive.end).utf8))
    end += UInt64(size)
    count += 1
    return .written(count)
  }

  /// Closes the file.
  public func close() throws { try handle.close() }
}
