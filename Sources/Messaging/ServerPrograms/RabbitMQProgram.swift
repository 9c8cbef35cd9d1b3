// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A RabbitMQ of its own: its files in a folder that is removed, its ports those of loopback, its
/// processes stopped by their own ids. A start takes some seconds.
///
/// It is Debian's, run as whoever runs this, and with nothing of a server that the machine may
/// have: neither its files nor its epmd.
package final class RabbitMQProgram: RestartableServer {
  /// Longest that starting may take, seconds.
  private static let patience = 60
  /// Who may log in.
  package static let user = "tester"
  package static let password = "a secret"
  /// Largest message, bytes.
  package static let maxMessageSize = 1 << 20

  /// Files with which it takes TLS too.
  package struct Certificate: Sendable {
    package var authorities: String
    package var certificate: String
    package var key: String

    package init(authorities: String, certificate: String, key: String) {
      self.authorities = authorities
      self.certificate = certificate
      self.key = key
    }
  }

  private struct Ports {
    var plain: UInt16
    var secure: UInt16
    var nodes: UInt16
    var names: UInt16
  }

  private let folder: URL
  private let ports: Ports
  private let certificate: Certificate?
  private let names = RunningProgram()
  private let hasNames = Mutex(false)
  private let freeDisk: Mutex<String>
  private let server = RunningProgram()

  private init(_ folder: URL, _ ports: Ports, _ certificate: Certificate?, freeDisk: String) {
    self.folder = folder
    self.ports = ports
    self.certificate = certificate
    self.freeDisk = Mutex(freeDisk)
  }

  /// Disk space below which it takes no messages.
  package static let littleDisk = "1MB"

  /// Starts one with nothing in it.
  ///
  /// - Parameter freeDisk: disk space below which it takes no messages.
  package static func start(
    certificate: Certificate? = nil, freeDisk: String = littleDisk
  ) async throws -> RabbitMQProgram {
    let folder = try Executables.folder("rabbit")
    let free = try FreePorts.find(4)
    let server = RabbitMQProgram(
      folder, Ports(plain: free[0], secure: free[1], nodes: free[2], names: free[3]), certificate,
      freeDisk: freeDisk)
    try await server.restart()
    return server
  }

  deinit { end() }

  /// Ends it and removes its files; nobody can use it any more.
  package func end() {
    server.signal(SIGKILL)
    names.signal(SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Where it is.
  package var address: String { "amqp://127.0.0.1:\(ports.plain)" }
  /// Where it takes TLS, by the host name `localhost`.
  package var secureAddress: String { "amqps://localhost:\(ports.secure)" }

  /// Starts it, again after `kill`; returns once it takes connections.
  package func restart() async throws {
    // The one in the path would give up root's rights and ask for those of its own user.
    let executable = try Executables.find(
      "rabbitmq-server", package: "rabbitmq-server", in: ["/usr/lib/rabbitmq/bin"])
    let isFirst = hasNames.withLock { hasNames in
      defer { hasNames = true }
      return !hasNames
    }
    if isFirst {
      // Else Erlang would leave one behind that serves the whole machine.
      names.set(
        try Program.start("/usr/bin/epmd", ["-port", "\(ports.names)", "-address", "127.0.0.1"]))
    }
    try write("[].\n", to: "plugins")
    try write(configuration, to: "rabbitmq.conf")
    let settings = environment.map { "\($0.key)=\($0.value)" }.sorted()
    // Its messages go to the standard output, and are collected from the standard error.
    let program = try Program.start(
      "/bin/sh",
      ["-c", "exec /usr/bin/env \"$@\" 1>&2", "rabbitmq"] + settings + [executable])
    server.set(program)
    guard await program.wrote("completed with", within: Self.patience) else {
      throw Program.Failure(description: "rabbitmq-server did not start: \(program.text)")
    }
  }

  /// Counts from the next start on.
  package func need(freeDisk: String) { self.freeDisk.withLock { $0 = freeDisk } }

  /// Ends it as a crash would.
  package func kill() async { await server.end() }

  /// Stops it where it stands; connections stay open and nothing answers.
  package func freeze() { server.signal(SIGSTOP) }

  package func thaw() { server.signal(SIGCONT) }

  private func path(_ name: String) -> String {
    folder.appending(path: name).path(percentEncoded: false)
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  private var environment: [String: String] {
    [
      "HOME": path(""), "RABBITMQ_MNESIA_BASE": path("data"), "RABBITMQ_LOG_BASE": path("log"),
      "RABBITMQ_NODENAME": "\(folder.lastPathComponent)@localhost",
      "RABBITMQ_CONFIG_FILE": path("rabbitmq.conf"),
      "RABBITMQ_ENABLED_PLUGINS_FILE": path("plugins"),
      // The script then becomes the server, so that the id is the server's.
      "RABBITMQ_ALLOW_INPUT": "1",
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
        "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
      "RABBITMQ_DIST_PORT": "\(ports.nodes)", "ERL_EPMD_ADDRESS": "127.0.0.1",
      "ERL_EPMD_PORT": "\(ports.names)",
    ]
  }

  private var configuration: String {
    var lines = [
      "listeners.tcp.1 = 127.0.0.1:\(ports.plain)", "log.file = false", "log.console = true",
      "log.console.level = error", "default_user = \(Self.user)",
      "default_pass = \(Self.password)", "max_message_size = \(Self.maxMessageSize)",
      "disk_free_limit.absolute = \(freeDisk.withLock { $0 })",
    ]
    if let certificate {
      lines += [
        "listeners.ssl.1 = 127.0.0.1:\(ports.secure)",
        "ssl_options.cacertfile = \(certificate.authorities)",
        "ssl_options.certfile = \(certificate.certificate)",
        "ssl_options.keyfile = \(certificate.key)", "ssl_options.verify = verify_none",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
