// SPDX-License-Identifier: Apache-2.0

import Foundation
import RouteExports
import ServerPrograms

/// nginx, HAProxy or Envoy with an exported file, started and ended by its own process id.
final class ExportedProxy: Sendable {
  /// Longest that starting may take, seconds.
  private static let patience = 60

  private let program: Program
  private let folder: URL

  /// Checks the file with the program's own check and starts the program, which listens at `port`.
  static func start(_ export: RouteExport, port: Int) async throws -> ExportedProxy {
    let folder = try Executables.folder("export-\(export.format.rawValue)")
    let file = folder.appending(path: fileName(export.format))
    try Data(export.text.utf8).write(to: file)
    let path = file.path(percentEncoded: false)
    let program: Program
    let marker: String
    switch export.format {
    case .nginx:
      let main = try writeMain(of: path, in: folder)
      let nginx = try Executables.find("nginx", package: "nginx", in: ["/usr/sbin"])
      let arguments = ["-e", "stderr", "-p", folder.path(percentEncoded: false), "-c", main]
      try await Program.run(nginx, ["-t"] + arguments)
      program = try Program.start(nginx, arguments)
      marker = "event method"
    case .haproxy:
      let haproxy = try Executables.find("haproxy", package: "haproxy", in: ["/usr/sbin"])
      try await Program.run(haproxy, ["-c", "-f", path])
      program = try Program.start(haproxy, ["-W", "-db", "-f", path])
      marker = "Loading success"
    case .envoy:
      let envoy = try envoy()
      let arguments = ["--disable-hot-restart", "--concurrency", "1", "-c", path]
      try await Program.run(envoy, ["--mode", "validate"] + arguments)
      program = try Program.start(envoy, arguments)
      marker = "starting workers"
    case .gatewayAPI: throw Program.Failure(description: "a cluster runs Gateway API")
    }
    guard await program.wrote(marker, within: patience), knock(port) else {
      await program.end()
      throw Program.Failure(
        description: "\(export.format.product) did not start: \(program.text)")
    }
    return ExportedProxy(program, folder)
  }

  /// Whether it takes connections, which may be a moment after it says so.
  private static func knock(_ port: Int) -> Bool {
    for _ in 0..<500 {
      if (try? LoopbackSocket.connected(to: port)) != nil { return true }
      poll(nil, 0, 10)
    }
    return false
  }

  private init(_ program: Program, _ folder: URL) {
    self.program = program
    self.folder = folder
  }

  /// What it wrote.
  var log: String { program.text }

  /// HAProxy's worker ends by itself once its master is gone.
  func end() async {
    await program.end()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func fileName(_ format: ExportFormat) -> String {
    switch format {
    case .nginx: "strangler.conf"
    case .haproxy: "haproxy.cfg"
    case .envoy, .gatewayAPI: "\(format.rawValue).yaml"
    }
  }

  /// What is around the exported file: nothing that routes.
  private static func writeMain(of file: String, in folder: URL) throws -> String {
    let path = folder.path(percentEncoded: false)
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \"\(path)/\($0)\";"
    }
    let main = """
      daemon off;
      master_process off;
      pid "\(path)/nginx.pid";
      error_log stderr notice;
      events { worker_connections 1024; }
      http {
        access_log off;
        \(places.joined(separator: "\n  "))
        include "\(file)";
      }

      """
    let mainFile = folder.appending(path: "nginx.conf")
    try Data(main.utf8).write(to: mainFile)
    return mainFile.path(percentEncoded: false)
  }

  /// Where `.ci/envoy` puts it, unless `ENVOY` says otherwise.
  private static func envoy() throws -> String {
    if let named = ProcessInfo.processInfo.environment["ENVOY"] { return named }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appending(path: ".build/benchmark/envoy/envoy/_bin")
    do {
      return try Executables.find(
        "envoy", package: "envoy", in: [folder.path(percentEncoded: false)])
    } catch {
      throw Program.Failure(description: "there is no envoy on this machine: run .ci/envoy")
    }
  }
}
