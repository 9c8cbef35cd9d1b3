// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads what the kernel tells under /proc.
enum ProcessFiles {
  /// The text of a file; nil when it is not there (any more).
  static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { return nil }
    defer { close(file) }
    var bytes = [UInt8]()
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    while case let count = read(file, &block, block.count), count > 0 {
      bytes += block[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func entries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Time on a processor, the first number of a `schedstat` file.
  static func scheduledNanoseconds(_ path: String) -> UInt64 {
    text(path)?.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
  }

  /// The fields of `/proc/PID/stat` behind the command's name, which may hold spaces: state first.
  static func statistics(_ process: pid_t) -> [Substring] {
    guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
      return []
    }
    return text[text.index(after: end)...].split(separator: " ")
  }

  static func currentThreadID() -> Int {
    var target = [CChar](repeating: 0, count: 128)
    let length = readlink("/proc/thread-self", &target, target.count - 1)
    let path = target.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
    return String(decoding: path, as: UTF8.self).split(separator: "/").last
      .flatMap { Int($0) } ?? 0
  }
}
