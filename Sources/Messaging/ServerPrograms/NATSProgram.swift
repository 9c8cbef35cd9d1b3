// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A nats-server of its own: JetStream's files in a folder that is removed, a port of loopback, its
/// process stopped by its own id.
package final class NATSProgram: RestartableServer {
  /// Longest that starting may take, seconds.
  private static let patience = 30

  /// What is wanted of it.
  package struct Settings: Sendable {
    /// A token that clients must have.
    package var token: String?
    package var jetStream = true
    /// Largest message, bytes.
    package var maxPayload: Int?
    /// More lines of its configuration.
    package var lines: [String] = []

    package init(
      token: String? = nil, jetStream: Bool = true, maxPayload: Int? = nil, lines: [String] = []
    ) {
      self.token = token
      self.jetStream = jetStream
      self.maxPayload = maxPayload
      self.lines = lines
    }
  }

  private let folder: URL
  private let settings: Settings
  private let running = RunningProgram()
  private let port = Mutex<UInt16?>(nil)

  private init(_ folder: URL, _ settings: Settings) {
    self.folder = folder
    self.settings = settings
  }

  /// Starts one with an empty store.
  package static func start(_ settings: Settings = Settings()) async throws -> NATSProgram {
    let server = NATSProgram(try Executables.folder("nats"), settings)
    try await server.restart()
    return server
  }

  deinit { end() }

  package func end() {
    running.signal(SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Where it is.
  package var address: String { address() }

  package func address(_ scheme: String = "nats", host: String = "127.0.0.1") -> String {
    "\(scheme)://\(host):\(port.withLock { $0 ?? 0 })"
  }

  /// Starts it, again after `kill`, at the same port; returns once it takes connections.
  package func restart() async throws {
    let executable = try Executables.find(
      "nats-server", package: "nats-server",
      in: ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"])
    let file = folder.appending(path: "nats.conf")
    try Data(configuration.utf8).write(to: file)
    let program = try Program.start(executable, ["-c", file.path(percentEncoded: false)])
    running.set(program)
    guard await program.wrote("Server is ready", within: Self.patience),
      let port = Self.port(in: program.text)
    else { throw Program.Failure(description: "nats-server did not start: \(program.text)") }
    self.port.withLock { $0 = port }
  }

  /// Ends it as a crash would.
  package func kill() async { await running.end() }

  /// Stops it where it stands; connections stay open and nothing answers.
  package func freeze() { running.signal(SIGSTOP) }

  package func thaw() { running.signal(SIGCONT) }

  private var configuration: String {
    var lines = ["listen: \"127.0.0.1:\(port.withLock { $0.map(String.init) ?? "-1" })\""]
    if settings.jetStream {
      lines.append("jetstream { store_dir: \"\(folder.path(percentEncoded: false))/js\" }")
    }
    if let token = settings.token { lines.append("authorization { token: \"\(token)\" }") }
    if let most = settings.maxPayload { lines.append("max_payload: \(most)") }
    return (lines + settings.lines).joined(separator: "\n") + "\n"
  }

  /// From `Listening for client connections on 127.0.0.1:4222`.
  private static func port(in text: String) -> UInt16? {
    let marker = "client connections on 127.0.0.1:"
    guard let start = text.range(of: marker)?.upperBound else { return nil }
    return UInt16(text[start...].prefix { $0.isNumber })
  }
}
