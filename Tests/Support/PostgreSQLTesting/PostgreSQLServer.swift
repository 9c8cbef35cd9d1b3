// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import TestPrograms

/// A PostgreSQL of its own for one test: its files in a folder that is removed, its only address a
/// Unix socket in there, its process stopped by its own id.
///
/// The programs are those of Debian's packages. The server refuses to run as root, so as root it is
/// run as the user `postgres`.
package final class PostgreSQLServer: Sendable {
  /// Longest that starting may take, seconds.
  private static let patience = 30

  /// Where it takes connections besides its socket.
  package enum Listening: Sendable {
    case socketOnly
    /// A port of 127.0.0.1 that was free a moment ago.
    case loopback
  }

  private let folder: URL
  private let port: UInt16?
  private let running = Mutex<Program?>(nil)

  private init(_ folder: URL, port: UInt16?) {
    self.folder = folder
    self.port = port
  }

  /// Makes an empty database and starts its server.
  package static func start(
    listensOn listening: Listening = .socketOnly
  ) async throws -> PostgreSQLServer {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "pg-\(UUID().uuidString.prefix(8).lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let server = PostgreSQLServer(
      folder, port: listening == .loopback ? try FreePorts.find(1)[0] : nil)
    if getuid() == 0 { try await Program.run("/bin/chown", ["postgres", server.path]) }
    try await Program.run(
      try Self.tool("initdb"),
      ["-D", server.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
      as: "postgres")
    try await server.restart()
    return server
  }

  deinit {
    running.withLock { $0?.signal(SIGQUIT) }
    try? FileManager.default.removeItem(at: folder)
  }

  private var path: String { folder.path(percentEncoded: false) }
  private var data: String { folder.appending(path: "data").path(percentEncoded: false) }

  /// Where the database is.
  package var address: String { address(ofUser: "postgres") }

  package func address(ofUser user: String) -> String {
    let place = port.map { "host=127.0.0.1&port=\($0)" } ?? "host=\(path)"
    return "postgresql://\(user)@/postgres?\(place)"
  }

  /// Starts it, again after `stop`; returns once it takes connections.
  package func restart() async throws {
    let process = try Program.start(
      try Self.tool("postgres"),
      [
        "-D", data, "-c", "listen_addresses=\(port == nil ? "" : "127.0.0.1")",
        "-c", "port=\(port ?? 5_432)", "-c", "unix_socket_directories=\(path)",
        "-c", "unix_socket_permissions=0777", "-c", "max_connections=40", "-c", "fsync=off",
      ], as: "postgres")
    running.withLock { $0 = process }
    guard await process.wrote("ready to accept connections", within: Self.patience) else {
      throw Program.Failure(description: "the database did not start: \(process.text)")
    }
  }

  /// Stops it as an administrator would in a hurry: connections are cut.
  package func stop() async {
    let process = running.withLock { running in
      defer { running = nil }
      return running
    }
    guard let process else { return }
    process.signal(SIGINT)
    await process.ended()
  }

  /// Debian keeps the server's programs out of the path, by version; the newest counts.
  private static func tool(_ name: String) throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    let candidates = newest.map { "\(root)/\($0)/bin/\(name)" } + ["/usr/local/bin/\(name)"]
    guard let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw Program.Failure(
        description: "there is no \(name): install the package postgresql")
    }
    return found
  }
}
