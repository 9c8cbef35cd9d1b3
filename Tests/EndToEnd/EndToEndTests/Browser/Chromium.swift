// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A real browser without a window, driven over the pipe of its DevTools protocol: JSON messages
/// that end in a zero byte, read from descriptor 3 and written to descriptor 4.
final class Chromium: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct State {
    var number = 0
    var waiting: [Int: CheckedContinuation<Data, any Error>] = [:]
    var events: [Data] = []
    var unread = Data()
    var hasEnded = false
  }

  private struct Head: Decodable {
    struct Refusal: Decodable { let message: String }
    let id: Int?
    let error: Refusal?
  }

  private let process = Process()
  private let commands = Pipe()
  private let state = Mutex(State())
  private let ended: Task<Void, Never>
  private let scratch: Scratch

  /// Starts a browser that knows nothing of any other, runs `body`, and ends it.
  static func running(_ body: (Chromium) async throws -> Void) async throws {
    let browser = try Chromium()
    do {
      try await body(browser)
    } catch {
      await browser.stop()
      throw error
    }
    await browser.stop()
  }

  private init() throws {
    scratch = try Scratch()
    let answers = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    // Foundation hands over the three standard descriptors only; the shell moves two of them.
    process.arguments =
      ["-c", #"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh", try Self.program()]
      + Self.flags(profile: scratch.path)
    process.standardInput = commands
    process.standardOutput = answers
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in continuation.finish() }
    ended = Task { for await _ in stream {} }
    try process.run()
    let reading = answers.fileHandleForReading
    Thread { [self] in
      while case let data = reading.availableData, !data.isEmpty { take(data) }
      end()
    }.start()
  }

  private static func program() throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    for name in ["chromium", "chromium-browser", "google-chrome"] {
      for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
      {
        return "\(folder)/\(name)"
      }
    }
    throw Failure(description: "no Chromium on PATH; .ci/test installs the package chromium")
  }

  private static func flags(profile: String) -> [String] {
    [
      "--headless=new", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir=\(profile)",
      "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-dev-shm-usage", "--hide-scrollbars",
      // Its sandbox needs an ordinary user, which a container often has not.
      "--no-sandbox",
    ]
  }

  /// Events so far whose method is one of these.
  func events(_ methods: Set<String>) -> [String] {
    struct Event: Decodable { let method: String? }
    return state.withLock(\.events).filter { event in
      let method = try? JSONDecoder().decode(Event.self, from: event).method
      return method.map(methods.contains) ?? false
    }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Sends a command and returns the message that answers it.
  func send(
    _ method: String, _ parameters: String = "{}", session: String? = nil
  ) async throws -> Data {
    try await withCheckedThrowingContinuation { continuation in
      let number = state.withLock { state -> Int? in
        if state.hasEnded { return nil }
        state.number += 1
        state.waiting[state.number] = continuation
        return state.number
      }
      guard let number else {
        return continuation.resume(throwing: Failure(description: "the browser has ended"))
      }
      let target = session.map { #","sessionId":"\#($0)""# } ?? ""
      let message =
        #"{"id":\#(number),"method":"\#(method)","params":\#(parameters)\#(target)}"# + "\0"
      do {
        try commands.fileHandleForWriting.write(contentsOf: Data(message.utf8))
      } catch {
        let waiter = state.withLock { $0.waiting.removeValue(forKey: number) }
        waiter?.resume(throwing: error)
      }
    }
  }

  private func take(_ data: Data) {
    let messages = state.withLock { state -> [Data] in
      state.unread.append(data)
      var parts = state.unread.split(separator: 0, omittingEmptySubsequences: false)
      state.unread = parts.popLast().map { Data($0) } ?? Data()
      return parts.map { Data($0) }
    }
    for message in messages {
      let head = try? JSONDecoder().decode(Head.self, from: message)
      guard let id = head?.id else {
        state.withLock { $0.events.append(message) }
        continue
      }
      let waiter = state.withLock { $0.waiting.removeValue(forKey: id) }
      if let error = head?.error {
        waiter?.resume(throwing: Failure(description: error.message))
      } else {
        waiter?.resume(returning: message)
      }
    }
  }

  private func end() {
    let waiting = state.withLock { state in
      state.hasEnded = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for waiter in waiting {
      waiter.resume(throwing: Failure(description: "the browser ended early"))
    }
  }

  private func stop() async {
    _ = try? await send("Browser.close")
    await ended.value
  }
}
