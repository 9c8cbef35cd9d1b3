// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Synchronization

/// A server that can be ended and started again where it was, with what it has stored.
package protocol RestartableServer: Sendable {
  /// Where it is, as clients name it.
  var address: String { get }
  /// Ends it as a crash would.
  func kill() async
  /// Starts it; returns once it takes connections.
  ///
  /// - Throws: `Program.Failure`.
  func restart() async throws
  /// Ends it for good and removes its files.
  func end() async
}

/// The process of a server, from one start to the next.
final class RunningProgram: Sendable {
  private let program = Mutex<Program?>(nil)

  func set(_ started: Program) { program.withLock { $0 = started } }

  func signal(_ number: Int32) { program.withLock { $0?.signal(number) } }

  /// Ends it and returns when it has ended.
  func end(_ number: Int32 = SIGKILL) async {
    let ending = program.withLock { program in
      defer { program = nil }
      return program
    }
    await ending?.end(number)
  }
}

/// Programs of servers, as Debian and others install them.
package enum Executables {
  /// - Throws: `Program.Failure` that names the package.
  package static func find(
    _ name: String, package: String, in folders: [String]
  ) throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let candidates = folders + path.split(separator: ":").map(String.init)
    for folder in candidates where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
    {
      return "\(folder)/\(name)"
    }
    throw Program.Failure(
      description: "there is no \(name) on this machine: install the package \(package)")
  }

  /// A new folder for a server's files.
  package static func folder(_ name: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "\(name)-\(UUID().uuidString.prefix(8).lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
