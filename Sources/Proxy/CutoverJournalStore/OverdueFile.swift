// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Foundation
internal import Synchronization

/// Keeps what was done and cannot be written into a journal, beside that.
///
/// Its room is taken while there is some: to write over it needs none on a disk that is full. Two
/// slots are written in turn, so that a crash leaves the one before.
final class OverdueFile: Sendable {
  /// Bytes of a slot.
  private static let slot = 128 << 10

  private let path: String
  private let installation: String
  private let generation = Mutex<UInt64>(0)

  /// - Parameter journal: the journal's file; another name of the same one has the same file here.
  init(journal: String, installation: String) {
    path = URL(filePath: journal).resolvingSymlinksInPath().path + "-overdue"
    self.installation = installation
  }

  /// Takes the room, where there is some, and returns what is kept.
  func open() throws(CutoverJournalError) -> [JournalRecord] {
    try withFile { file throws(CutoverJournalError) in
      // Without room nothing can be kept later, which is said then.
      takeRoom(file)
      var newest: OverdueRecords?
      for index in 0..<2 {
        guard let found = try read(file, slot: index) else { continue }
        if found.generation >= newest?.generation ?? 0 { newest = found }
      }
      let found = newest
      generation.withLock { $0 = found?.generation ?? 0 }
      return found?.records ?? []
    }
  }

  /// Keeps these and no others. Once this returns they outlive the process and the machine.
  func keep(_ records: [JournalRecord]) throws(CutoverJournalError) {
    let next = generation.withLock { generation in
      generation += 1
      return generation
    }
    let bytes: [UInt8]
    do {
      bytes = try OverdueRecords(generation: next, records: records)
        .bytes(installation: installation)
    } catch {
      throw CutoverJournalError(.unusable, "\(path) cannot keep it", cause: error)
    }
    guard bytes.count <= Self.slot else {
      throw CutoverJournalError(
        .unusable, "\(path) has no room for \(records.count) records of \(bytes.count) bytes")
    }
    try withFile { file throws(CutoverJournalError) in
      try write(file, bytes, at: Int(next % 2) * Self.slot)
    }
  }

  private func takeRoom(_ file: Int32) {
    var status = stat()
    guard fstat(file, &status) == 0 else { return }
    let zeros = [UInt8](repeating: 0, count: Self.slot)
    var size = Int(status.st_size)
    while size < 2 * Self.slot {
      let count = pwrite(file, zeros, min(zeros.count, 2 * Self.slot - size), off_t(size))
      if count <= 0 { return }
      size += count
    }
    fsync(file)
  }

  private func read(
    _ file: Int32, slot index: Int
  ) throws(CutoverJournalError) -> OverdueRecords? {
    var bytes = [UInt8](repeating: 0, count: Self.slot)
    let count = pread(file, &bytes, bytes.count, off_t(index * Self.slot))
    guard count >= 0 else { throw failure("read", errno) }
    return OverdueRecords(Array(bytes.prefix(count)), installation: installation)
  }

  private func write(
    _ file: Int32, _ bytes: [UInt8], at offset: Int
  ) throws(CutoverJournalError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress! + written, bytes.count - written, off_t(offset + written))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("written", errno) }
      written += count
    }
    guard fsync(file) == 0 else { throw failure("written", errno) }
  }

  private func withFile<Value>(
    _ body: (Int32) throws(CutoverJournalError) -> Value
  ) throws(CutoverJournalError) -> Value {
    let file = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("opened", errno) }
    defer { close(file) }
    return try body(file)
  }

  private func failure(_ what: String, _ code: Int32) -> CutoverJournalError {
    CutoverJournalError(
      .unusable, "\(path) cannot be \(what): \(String(cString: strerror(code)))")
  }
}
