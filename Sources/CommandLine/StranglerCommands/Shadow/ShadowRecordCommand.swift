// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import ShadowComparison
internal import ShadowTraffic
internal import UnixSignals

struct ShadowRecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Record traffic to a HAR file, by standing between a client and an upstream.",
    discussion: """
      Listens on 127.0.0.1 and forwards everything to the upstream; point a browser, a test suite
      or a load script at it. The file is a complete HAR 1.2 document after every exchange, so the
      recording may be ended in any way. Cookies and authorizations pass and are not recorded. This
      is for a test run, not for standing in front of users.

      EXAMPLES
        strangler shadow record --upstream http://127.0.0.1:9001 --har visit.har
        strangler shadow record --upstream https://staging.example --har visit.har --port 9100
      """)

  @Option(help: "Address of what is asked, such as http://127.0.0.1:9001.")
  var upstream: String

  @Option(help: "File to write; it must not be there yet.")
  var har: String

  @Option(help: "Port on 127.0.0.1; 0 takes a free one.")
  var port = 0

  @Flag(help: "Record cookies and authorizations too.")
  var keepCredentials = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    guard (0...65_535).contains(port) else {
      throw ValidationError("--port: expected 0 to 65535, found \(port)")
    }
    guard BaseAddress(parsing: upstream) != nil else {
      throw ValidationError("--upstream: expected \(BaseAddress.expected), found \"\(upstream)\"")
    }
  }

  func run() async throws {
    guard let address = BaseAddress(parsing: upstream) else { return }
    let file: RecordingFile
    do {
      file = try RecordingFile(creating: har)
    } catch {
      throw CommandFailure.unusable(
        "cannot make \(har): \(error.localizedDescription); a recording never replaces a file")
    }
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = .warning
      return handler
    }
    let logger = Logger(label: "strangler.shadow")
    let line = ProgressLine(quiet: quiet)
    let recorder = TrafficRecorder(
      port: port, upstream: address, file: file, keepsCredentials: keepCredentials, logger: logger,
      time: { Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) },
      onListening: { port in
        Terminal.standardOutput.write("recording on http://127.0.0.1:\(port)\n")
      },
      onRecorded: { outcome in
        switch outcome {
        case .written(let count): line.update("\(count) exchanges recorded")
        case .full: line.update("the file is full; traffic passes unrecorded")
        }
      })
    do {
      try await ServiceGroup(
        services: [recorder], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
      ).run()
    } catch {
      line.clear()
      throw CommandFailure.unusable("cannot record on port \(port): \(error)")
    }
    line.clear()
    try await file.close()
  }
}
