// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Foundation
internal import Synchronization

/// Keeps a second process from writing a journal, by a lock on a file beside it. The system lets go
/// of it however the process ends.
///
/// It is a file of its own since a process that closes the journal's would lose SQLite's locks.
final class JournalLock: Sendable {
  private let path: String
  private let file = Mutex<Int32?>(nil)

  /// - Parameter journal: the journal's file; another name of the same one has the same lock.
  init(journal: String) {
    path = URL(filePath: journal).resolvingSymlinksInPath().path + "-lock"
  }

  deinit { unlock() }

  /// False when another process has it.
  func lock() throws(CutoverJournalError) -> Bool {
    try file.withLock { file throws(CutoverJournalError) in
      if file != nil { return true }
      let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard opened >= 0 else { throw failure(errno) }
      while flock(opened, LOCK_EX | LOCK_NB) != 0 {
        let code = errno
        if code == EINTR { continue }
        close(opened)
        if code == EWOULDBLOCK { return false }
        throw failure(code)
      }
      // Only so that whoever is refused can say by whom.
      let name = Array("\(getpid())\n".utf8)
      if ftruncate(opened, 0) == 0 { _ = pwrite(opened, name, name.count, 0) }
      file = opened
      return true
    }
  }

  /// The process that locked it last; nil when nothing says so.
  var holder: Int32? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return Int32(String(decoding: data.prefix(16), as: UTF8.self).prefix { !$0.isNewline })
  }

  func unlock() {
    file.withLock { file in
      if let opened = file { close(opened) }
      file = nil
    }
  }

  private func failure(_ code: Int32) -> CutoverJournalError {
    CutoverJournalError(.unusable, "\(path) cannot be locked: \(String(cString: strerror(code)))")
  }
}
