// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A PostgreSQL of a run's own: an empty database in the run's folder, a free port of loopback.
///
/// Nothing is written through to the disk: what the run asks is what survives the end of processes,
/// not that of the machine.
final class PostgreSQLProgram: TortureServer {
  private static let patience: Int64 = 20_000
  /// Waits between attempts while the processes of a killed server still end.
  private static let attempts = 100

  private let folder: URL
  private let port: Int
  private let executable: String
  private let running = Mutex<ServerProgram?>(nil)

  var address: String { Self.address(port: port) }

  /// The same database at another port, such as one that passes connections on.
  static func address(port: Int) -> String {
    "postgresql://postgres@127.0.0.1:\(port)/postgres?sslmode=disable&gssencmode=disable"
  }

  /// Where it takes connections.
  var listens: Int { port }

  /// Makes the database; `start` starts the server.
  init(in folder: URL) async throws {
    self.folder = folder
    let initdb = try Self.tool("initdb")
    executable = try Self.tool("postgres")
    port = try await LoopbackPorts.free()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.path(percentEncoded: false)
    if getuid() == 0 { try await ServerProgram.run("/bin/chown", [ServerProgram.servant, path]) }
    try await ServerProgram.run(
      initdb, ["-D", path + "/data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
      isServant: true)
  }

  deinit { running.withLock { $0?.signal(SIGQUIT) } }

  func start() async throws {
    let path = folder.path(percentEncoded: false)
    for _ in 0..<Self.attempts {
      let program = try ServerProgram(
        executable,
        [
          "-D", path + "/data", "-c", "listen_addresses=127.0.0.1", "-c", "port=\(port)",
          "-c", "unix_socket_directories=", "-c", "max_connections=100", "-c", "fsync=off",
          "-c", "max_wal_size=256MB", "-c", "checkpoint_timeout=60s",
        ], isServant: true)
      running.withLock { $0 = program }
      if await program.wrote("ready to accept connections", withinMilliseconds: Self.patience) {
        return
      }
      await program.end()
      try await Task.sleep(for: .milliseconds(100))
      // What a killed server leaves behind ends soon; anything else stays wrong.
      guard program.text.contains("shared memory") || program.text.contains("in use") else {
        throw TortureFailure("PostgreSQL did not start: \(program.text)")
      }
    }
    throw TortureFailure("PostgreSQL did not start again after it was killed")
  }

  func kill() async {
    let program = running.withLock { running in
      defer { running = nil }
      return running
    }
    await program?.end()
  }

  /// Ends it for good, its connections with it.
  func stop() async {
    let program = running.withLock { running in
      defer { running = nil }
      return running
    }
    await program?.end(SIGQUIT)
  }

  /// Debian keeps the server's programs out of the path, by version; the newest counts.
  private static func tool(_ name: String) throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    return try ServerPrograms.find(
      name, package: "postgresql",
      in: newest.map { "\(root)/\($0)/bin" } + ["/usr/local/bin", "/opt/homebrew/bin"])
  }
}
