// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// A service in a process of its own, so that killing it is a real SIGKILL and not a polite
/// request.
///
/// The child is this same executable with other arguments. It announces its port on standard output
/// and ends when its standard input closes, so it cannot outlive the parent, however that one ends.
final class ChildService: Sendable {
  /// A child that did not come up.
  struct StartFailure: Error, CustomStringConvertible {
    let description: String
  }

  /// Text that precedes the port in the child's announcement.
  static let announcement = "listening on 127.0.0.1:"

  private struct Running {
    let process: Process
    let standardInput: Pipe
  }

  private let executable: URL
  private let arguments: @Sendable (_ port: Int) -> [String]
  private let running = Mutex<Running?>(nil)

  /// - Parameter arguments: The child's arguments for a port; port 0 asks for any free one.
  init(executable: URL, arguments: @escaping @Sendable (_ port: Int) -> [String]) {
    self.executable = executable
    self.arguments = arguments
  }

  /// Process id of the running child.
  var processIdentifier: Int32? {
    running.withLock { $0?.process.processIdentifier }
  }

  /// Starts the child and waits for its announcement.
  /// - Returns: The port it listens on.
  func start(port: Int = 0) async throws -> Int {
    let process = Process()
    let standardInput = Pipe()
    let standardOutput = Pipe()
    process.executableURL = executable
    process.arguments = arguments(port)
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw StartFailure(description: "cannot start \(executable.path()): \(error)")
    }
    running.withLock { $0 = Running(process: process, standardInput: standardInput) }
    let announced = await Self.firstLine(of: standardOutput.fileHandleForReading)
    guard let line = announced, let at = line.firstRange(of: Self.announcement),
      let bound = Int(line[at.upperBound...])
    else {
      kill()
      throw StartFailure(
        description: "\(process.arguments?.first ?? "child") announced no port: "
          + (announced ?? "it ended at once"))
    }
    return bound
  }

  /// Ends the child with SIGKILL and waits until the system has collected it.
  func kill() {
    guard let child = running.withLock({ $0.take() }) else { return }
    #if canImport(Glibc) || canImport(Musl) || canImport(Darwin)
      _ = Foundation.kill(child.process.processIdentifier, SIGKILL)
    #endif
    child.process.waitUntilExit()
  }

  private static func firstLine(of handle: FileHandle) async -> String? {
    await withCheckedContinuation { continuation in
      // Reads block, so they get a thread of their own and not one of the cooperative pool.
      Thread {
        var line = Data()
        while let byte = try? handle.read(upToCount: 1), !byte.isEmpty, byte != Data([10]) {
          line.append(byte)
        }
        continuation.resume(returning: line.isEmpty ? nil : String(decoding: line, as: UTF8.self))
      }.start()
    }
  }
}
