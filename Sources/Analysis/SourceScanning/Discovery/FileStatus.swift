// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the file system says of a path, without following a link: one call, where Foundation also
/// looks up the names of the owner and the group.
struct FileStatus {
  enum Kind { case file, folder, link, other }

  let kind: Kind
  let bytes: Int

  /// `nil` when there is nothing at the path.
  init?(path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    bytes = Int(status.st_size)
  }
}

/// What stands in a folder, as the folder itself tells it: no call for each entry.
struct FolderEntry {
  let name: String
  /// `nil` where the file system does not say.
  let kind: FileStatus.Kind?

  /// In no order; `nil` when the folder cannot be listed.
  static func entries(of folder: String) -> [FolderEntry]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var entries: [FolderEntry] = []
    while let entry = readdir(stream) {
      let kind: FileStatus.Kind? =
        switch Int32(entry.pointee.d_type) {
        case Int32(DT_REG): .file
        case Int32(DT_DIR): .folder
        case Int32(DT_LNK): .link
        case Int32(DT_UNKNOWN): nil
        default: .other
        }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
        start.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: start.pointee))
        {
          String(cString: $0)
        }
      }
      entries.append(FolderEntry(name: name, kind: kind))
    }
    return entries
  }
}

/// Contents of files, read straight into an array.
enum FileBytes {
  private static let pieceBytes = 64 << 10

  /// The beginning of a file; `nil` when it cannot be read.
  ///
  /// - Parameter expected: the size, where it is known.
  static func contents(of path: String, upTo limit: Int = .max, expected: Int = 0) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    // One more than expected, so that the first call sees the end.
    var wanted = min(limit, expected > 0 ? expected + 1 : pieceBytes)
    while wanted > 0 {
      var taken = 0
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        repeat {
          taken = read(descriptor, buffer.baseAddress, wanted)
        } while taken < 0
          && errno == EINTR
        count = max(0, taken)
      }
      guard taken >= 0 else { return nil }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      if taken == 0 || expected > 0 && taken < wanted { break }
      wanted = min(limit - bytes.count, max(pieceBytes, wanted))
    }
    return bytes
  }

  /// The file does not hold what is to be added to.
  struct OtherFile: Error {}

  /// Adds bytes to the end of a file in one piece, if it begins as expected.
  static func append(
    _ bytes: [UInt8], to path: String, ifItBeginsWith header: [UInt8]
  ) throws {
    let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw OtherFile() }
    defer { close(descriptor) }
    var found = [UInt8](repeating: 0, count: header.count)
    guard pread(descriptor, &found, found.count, 0) == header.count, found == header,
      write(descriptor, bytes, bytes.count) == bytes.count
    else { throw OtherFile() }
  }
}
