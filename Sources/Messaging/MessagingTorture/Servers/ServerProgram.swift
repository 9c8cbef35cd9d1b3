// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessageRelay
internal import Synchronization
internal import TransactionalMessaging

/// A server under way, ended by its own process id. The end of what it wrote is kept.
final class ServerProgram: Sendable {
  /// As whom servers run that refuse to run as root.
  static let servant = "postgres"
  private static let keptBytes = 8 << 10

  private struct State {
    var text = ""
    var hasEnded = false
  }

  private let process: Process
  private let state = Mutex(State())
  private let changed = WakeSignal()

  /// - Parameter isServant: gives up root's rights where this process has them.
  init(_ executable: String, _ arguments: [String], isServant: Bool = false) throws {
    process = Process()
    if isServant, getuid() == 0 {
      process.executableURL = URL(filePath: "/usr/bin/setpriv")
      process.arguments =
        ["--reuid=\(Self.servant)", "--regid=\(Self.servant)", "--clear-groups", executable]
        + arguments
    } else {
      process.executableURL = URL(filePath: executable)
      process.arguments = arguments
    }
    // A server must be able to enter the folder that it is started in.
    process.currentDirectoryURL = URL(filePath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let messages = Pipe()
    process.standardError = messages
    process.terminationHandler = { [weak self] _ in self?.change { $0.hasEnded = true } }
    try process.run()
    let handle = messages.fileHandleForReading
    Thread { [weak self] in
      while case let data = handle.availableData, !data.isEmpty {
        let text = String(decoding: data, as: UTF8.self)
        self?.change { $0.text = String(($0.text + text).suffix(Self.keptBytes)) }
      }
    }.start()
  }

  /// What it wrote last.
  var text: String { state.withLock(\.text) }

  func signal(_ number: Int32) {
    if process.isRunning { kill(process.processIdentifier, number) }
  }

  /// Ends it and returns when it has ended.
  func end(_ number: Int32 = SIGKILL) async {
    signal(number)
    await ended()
  }

  func ended() async {
    while case let seen = changed.generation, !state.withLock(\.hasEnded) {
      await changed.wait(after: seen)
      if Task.isCancelled { return process.waitUntilExit() }
    }
  }

  /// Whether it wrote that before it ended, and in time.
  func wrote(_ marker: String, withinMilliseconds limit: Int64) async -> Bool {
    let clock = SystemMessagingClock()
    let deadline = clock.now() + limit
    while true {
      let seen = changed.generation
      let (has, over) = state.withLock { ($0.text.contains(marker), $0.hasEnded) }
      if has { return true }
      let left = deadline - clock.now()
      if over || left <= 0 || Task.isCancelled { return false }
      _ = await clock.wait(milliseconds: left, or: [(changed, seen)])
    }
  }

  /// Runs one to its end.
  static func run(_ executable: String, _ arguments: [String], isServant: Bool = false) async throws
  {
    let program = try ServerProgram(executable, arguments, isServant: isServant)
    await program.ended()
    guard program.process.terminationStatus == 0 else {
      throw TortureFailure("\(executable) failed: \(program.text)")
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { body(&$0) }
    changed.raise()
  }
}

/// A server of a run: can be killed and started again at the same address.
protocol TortureServer: Sendable {
  /// Where it is.
  var address: String { get }
  /// Ends it as a crash would.
  func kill() async
  /// Starts it; returns once it takes connections.
  func start() async throws
}

/// Programs of servers, as Debian and others install them.
enum ServerPrograms {
  /// - Throws: `TortureFailure` that names the package.
  static func find(_ name: String, package: String, in folders: [String]) throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let candidates = folders + path.split(separator: ":").map(String.init)
    for folder in candidates where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
    {
      return "\(folder)/\(name)"
    }
    throw TortureFailure("there is no \(name) on this machine: install the package \(package)")
  }
}
