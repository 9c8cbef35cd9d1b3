// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A PostgreSQL of its own: its files in a folder that is removed, its address a Unix socket in
/// there or a port of loopback, its process stopped by its own id.
///
/// The programs are those of Debian's packages. The server refuses to run as root, so as root it is
/// run as the user `postgres`. What survives is the end of processes, not that of the machine:
/// nothing is written through to the disk, unless that is asked for.
package final class PostgreSQLProgram: RestartableServer {
  /// Longest that starting may take, seconds.
  private static let patience = 30
  /// Starts while the processes of a killed server still end.
  private static let attempts = 100

  /// Where it takes connections besides its socket.
  package enum Listening: Sendable {
    case socketOnly
    /// A port of 127.0.0.1 that was free a moment ago.
    case loopback
  }

  private let folder: URL
  /// Nil where it has a socket only.
  package let port: UInt16?
  private let isDurable: Bool
  private let running = RunningProgram()

  private init(_ folder: URL, port: UInt16?, isDurable: Bool) {
    self.folder = folder
    self.port = port
    self.isDurable = isDurable
  }

  /// Makes an empty database and starts its server.
  ///
  /// - Parameter isDurable: commits wait until they are on the disk.
  package static func start(
    listensOn listening: Listening = .socketOnly, isDurable: Bool = false
  ) async throws -> PostgreSQLProgram {
    let server = PostgreSQLProgram(
      try Executables.folder("pg"),
      port: listening == .loopback ? try FreePorts.find(1)[0] : nil, isDurable: isDurable)
    if getuid() == 0 { try await Program.run("/bin/chown", ["postgres", server.path]) }
    try await Program.run(
      try Self.tool("initdb"),
      ["-D", server.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"],
      as: "postgres")
    try await server.restart()
    return server
  }

  deinit { end() }

  package func end() {
    running.signal(SIGQUIT)
    try? FileManager.default.removeItem(at: folder)
  }

  private var path: String { folder.path(percentEncoded: false) }
  private var data: String { folder.appending(path: "data").path(percentEncoded: false) }

  /// Where the database is.
  package var address: String { address(ofUser: "postgres") }

  package func address(ofUser user: String) -> String {
    guard let port else { return "postgresql://\(user)@/postgres?host=\(path)" }
    return Self.address(port: port, user: user)
  }

  /// The same database at another port, such as one that passes connections on.
  package static func address(port: UInt16, user: String = "postgres") -> String {
    "postgresql://\(user)@127.0.0.1:\(port)/postgres?gssencmode=disable"
  }

  /// Starts it, again after `stop` or `kill`; returns once it takes connections.
  package func restart() async throws {
    for _ in 0..<Self.attempts {
      let program = try Program.start(
        try Self.tool("postgres"),
        [
          "-D", data, "-c", "listen_addresses=\(port == nil ? "" : "127.0.0.1")",
          "-c", "port=\(port ?? 5_432)", "-c", "unix_socket_directories=\(path)",
          "-c", "unix_socket_permissions=0777", "-c", "max_connections=100",
          "-c", "fsync=\(isDurable ? "on" : "off")", "-c", "max_wal_size=256MB",
        ], as: "postgres")
      running.set(program)
      if await program.wrote("ready to accept connections", within: Self.patience) { return }
      await running.end()
      try await Task.sleep(for: .milliseconds(100))
      // What a killed server leaves behind ends soon; anything else stays wrong.
      guard program.text.contains("shared memory") || program.text.contains("in use") else {
        throw Program.Failure(description: "PostgreSQL did not start: \(program.text)")
      }
    }
    throw Program.Failure(description: "PostgreSQL did not start again after it was killed")
  }

  /// Stops it as an administrator would in a hurry: connections are cut.
  package func stop() async { await running.end(SIGINT) }

  package func kill() async { await running.end() }

  /// Debian keeps the server's programs out of the path, by version; the newest counts.
  private static func tool(_ name: String) throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    return try Executables.find(
      name, package: "postgresql",
      in: newest.map { "\(root)/\($0)/bin" } + ["/usr/local/bin", "/opt/homebrew/bin"])
  }
}
