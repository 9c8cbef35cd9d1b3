// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import StranglerDemo
internal import UnixSignals

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Watch a monolith being strangled: analysis, cutover, comparison, rollback, data, outbox.",
    discussion: """
      Starts a small shop as a module of the proxy, the orders service that was taken out of it in
      a process of its own, the proxy and the outbox relay; sends steady traffic through the real
      socket and moves it. Uses loopback, free ports and a temporary folder; leaves nothing behind.
      Ends with 0 when every demand of its summary held, with 1 when one did not.

      EXAMPLES
        strangler demo
        strangler demo --users 1000 --rate 500
        strangler demo --keep-running       leaves everything up and prints the addresses
      """)

  @Option(help: "Simulated users.")
  var users = 250

  @Option(help: "Requests per second over all users.")
  var rate = 250

  @Option(help: "Folder of the shop's sources; found beside the program's own sources by default.")
  var sources: String?

  @Flag(help: "Leave everything up at the end, until the program is interrupted.")
  var keepRunning = false

  func validate() throws {
    guard (10...10_000).contains(users) else {
      throw ValidationError("--users: expected 10 to 10000, found \(users)")
    }
    guard (10...5_000).contains(rate) else {
      throw ValidationError("--rate: expected 10 to 5000 requests per second, found \(rate)")
    }
  }

  func run() async throws {
    var options = DemoOptions(sources: try sourcesFolder())
    options.users = users
    options.requestsPerSecond = rate
    let narrator = Narrator(isInteractive: Terminal.standardOutput.isInteractive) {
      Terminal.standardOutput.send($0)
    }
    guard let executable = Bundle.main.executableURL else {
      throw CommandFailure.unusable("cannot find this program's own file to start the service from")
    }
    let demo = try Demo(
      options: options, narrator: narrator, data: Self.dataTools(executable),
      executable: executable
    ) {
      [OrdersServiceCommand._commandName, "--database", $0, "--port", "\($1)"]
    }
    guard try await runUntilInterrupted(demo) else {
      throw CommandFailure.negative("a demand of the demonstration did not hold")
    }
  }

  /// The commands that move data; the backfill is a process of its own.
  private static func dataTools(_ executable: URL) -> DataTools {
    DataTools { file in
      ServedMigrations(file)
    } backfill: { file in
      try await backfill(executable, ["data", "backfill", "--quiet", "--config", file])
    } follow: { file in
      guard
        let command = try Strangler.parseAsRoot(["data", "follow", "--quiet", "--config", file])
          as? DataFollowCommand
      else { return }
      try await command.run()
    }
  }

  /// An order that is placed meanwhile may have its lines read before it is carried over itself:
  /// the next run goes on where the store refused them.
  private static func backfill(
    _ executable: URL, _ arguments: [String]
  ) async throws -> [String] {
    for _ in 0..<4 {
      do {
        return try await outputLines(executable, arguments)
      } catch is CommandFailure {
        try await Task.sleep(for: .milliseconds(300))
      }
    }
    return try await outputLines(executable, arguments)
  }

  private static func outputLines(
    _ executable: URL, _ arguments: [String]
  ) async throws -> [String] {
    let (process, output, errors) = (Process(), Pipe(), Pipe())
    process.executableURL = executable
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    return try await withCheckedThrowingContinuation { continuation in
      // Reads block, so they get a thread of their own and not one of the cooperative pool.
      Thread {
        continuation.resume(
          with: Result {
            try process.run()
            let text = String(
              decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            let refusal = String(
              decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
              throw CommandFailure.negative("strangler data backfill: \(refusal)")
            }
            return text.split(separator: "\n").map(String.init)
          })
      }.start()
    }
  }

  /// Runs the demonstration; an interrupt cancels it, and it cleans up after itself.
  private func runUntilInterrupted(_ demo: Demo) async throws -> Bool {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let keepsRunning = keepRunning
    return try await withThrowingTaskGroup(of: Bool?.self) { group in
      group.addTask {
        try await demo.run { addresses in
          guard keepsRunning else { return }
          Terminal.standardOutput.write(
            "\nStill running: " + addresses.joined(separator: "  ") + "  (Ctrl-C ends it)\n")
          // Waits for the interrupt, which is the wished end and no failure.
          try? await Task.sleep(for: .seconds(86_400 * 365))
        }
      }
      group.addTask {
        for await _ in signals { return nil }
        return nil
      }
      var wasInterrupted = false
      do {
        while let finished = try await group.next() {
          if let finished {
            group.cancelAll()
            return finished
          }
          wasInterrupted = true
          group.cancelAll()
        }
      } catch {
        // Whatever a cancelled step threw, it threw because it was cancelled.
        guard wasInterrupted else { throw error }
      }
      throw CommandFailure.negative("interrupted")
    }
  }

  private func sourcesFolder() throws -> String {
    let place = "fixtures/shop-monolith"
    var ownFolder = URL(filePath: #filePath)
    for _ in 0..<5 { ownFolder.deleteLastPathComponent() }
    let candidates =
      sources.map { [$0] }
      ?? [place, ownFolder.appending(path: place).path(percentEncoded: false)]
    guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw CommandFailure.unusable(
        "the shop's sources are not at \(candidates.joined(separator: " or ")); run the "
          + "demonstration in a checkout of the project, or name the folder with --sources")
    }
    return found
  }
}
