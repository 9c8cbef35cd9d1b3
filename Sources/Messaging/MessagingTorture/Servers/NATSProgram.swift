// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A nats-server of a run's own, with JetStream in the run's folder, on a free port of loopback.
final class NATSProgram: TortureServer {
  private static let patience: Int64 = 20_000

  private let configuration: URL
  private let executable: String
  private let running = Mutex<ServerProgram?>(nil)
  let address: String

  /// Writes its configuration; `start` starts it.
  init(in folder: URL) async throws {
    executable = try ServerPrograms.find(
      "nats-server", package: "nats-server",
      in: ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"])
    let port = try await LoopbackPorts.free()
    address = "nats://127.0.0.1:\(port)"
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    configuration = folder.appending(path: "nats.conf")
    let text = """
      listen: "127.0.0.1:\(port)"
      jetstream { store_dir: "\(folder.path(percentEncoded: false))/js" }

      """
    try Data(text.utf8).write(to: configuration)
  }

  deinit { running.withLock { $0?.signal(SIGKILL) } }

  func start() async throws {
    let program = try ServerProgram(
      executable, ["-c", configuration.path(percentEncoded: false)])
    running.withLock { $0 = program }
    guard await program.wrote("Server is ready", withinMilliseconds: Self.patience) else {
      throw TortureFailure("nats-server did not start: \(program.text)")
    }
  }

  func kill() async {
    let program = running.withLock { running in
      defer { running = nil }
      return running
    }
    await program?.end()
  }
}
