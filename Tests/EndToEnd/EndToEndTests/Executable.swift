// SPDX-License-Identifier: Apache-2.0
import Foundation
import ServerPrograms
import Synchronization

/// Programs of this package as built beside the tests.
enum Executable: String {
  case strangler
  case shopMonolith = "shop-monolith"
  case ordersService = "orders-service"
  case dataCrashChild = "data-crash-child"
  case tracedCheckout = "traced-checkout"

  /// The build's product folder: the tests' own bundle lies in it.
  static let folder: URL = {
    let bundle = Bundle(for: Anchor.self).bundleURL
    return bundle.pathExtension == "xctest" ? bundle.deletingLastPathComponent() : bundle
  }()

  private final class Anchor {}

  var url: URL { Self.folder.appending(path: rawValue) }

  /// Runs the program to its end.
  /// - Parameter temporaryFolder: What the program takes for the system's temporary folder.
  func run(_ arguments: [String], temporaryFolder: String? = nil) async throws -> Outcome {
    let running = try RunningProgram(url, arguments, temporaryFolder: temporaryFolder)
    return await running.outcome()
  }

  /// Starts the program and returns while it runs.
  /// - Parameter environment: Variables besides those of the tests.
  func start(
    _ arguments: [String], temporaryFolder: String? = nil, environment: [String: String] = [:]
  ) throws -> RunningProgram {
    try RunningProgram(
      url, arguments, temporaryFolder: temporaryFolder, environment: environment)
  }
}

/// How a program ended and what it wrote.
struct Outcome: Sendable {
  let exitCode: Int32
  let output: String
  let errors: String
}

/// A program under test. Its output is collected as it comes; lines can be awaited.
final class RunningProgram: Sendable {
  struct EndedEarly: Error {
    let marker: String
    let errors: String
  }

  private let process: SpawnedProcess
  private let output = ProgramOutput()
  private let ended: Task<Void, Never>

  init(
    _ executable: URL, _ arguments: [String], temporaryFolder: String? = nil,
    environment own: [String: String] = [:]
  ) throws {
    var environment = ProcessInfo.processInfo.environment.merging(own) { $1 }
    if let temporaryFolder { environment["TMPDIR"] = temporaryFolder }
    process = try SpawnedProcess(
      executable.path(percentEncoded: false), arguments, environment: environment, output: .pipe,
      errors: .pipe)
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    process.whenEnded { _ in continuation.finish() }
    ended = Task { for await _ in stream {} }
    if let handle = process.output { output.collect(handle, as: .output) }
    if let handle = process.errors { output.collect(handle, as: .errors) }
  }

  /// The rest of the first line of standard output or standard error that holds the marker.
  func text(after marker: String) async throws -> String {
    guard let text = await output.text(after: marker) else {
      throw EndedEarly(marker: marker, errors: await output.all().errors)
    }
    return text
  }

  var isRunning: Bool { process.isRunning }

  /// Lines of standard output so far.
  var lines: Int { output.lines }

  func signal(_ number: Int32) { process.signal(number) }

  /// Waits for the end and returns everything that was written.
  func outcome() async -> Outcome {
    await ended.value
    let written = await output.all()
    return Outcome(
      exitCode: process.outcome?.status ?? -1, output: written.output, errors: written.errors)
  }
}

/// What a program writes, read on a thread per pipe; callers wait for text.
final class ProgramOutput: Sendable {
  enum Stream { case output, errors }

  private struct State {
    var output = ""
    var errors = ""
    var openPipes = 0
    var waiters: [CheckedContinuation<Void, Never>] = []

    func text(after marker: String) -> String? {
      for text in [output, errors] {
        if let range = text.range(of: marker),
          let end = text[range.upperBound...].firstIndex(of: "\n")
        {
          return String(text[range.upperBound..<end])
        }
      }
      return nil
    }
  }

  private let state = Mutex(State())

  /// Whole lines of standard output so far.
  var lines: Int { state.withLock { state in state.output.utf8.count { $0 == 10 } } }

  /// Starts to read a pipe to its end.
  func collect(_ handle: FileHandle, as stream: Stream) {
    state.withLock { $0.openPipes += 1 }
    let rest = Mutex(Data())
    SpawnedProcess.read(handle) { bytes in
      // What there is may end within a character.
      let text = rest.withLock { rest in
        rest += bytes
        let whole = rest.count - Self.begun(at: rest)
        defer { rest = Data(rest.dropFirst(whole)) }
        return String(decoding: rest.prefix(whole), as: UTF8.self)
      }
      self.change { stream == .output ? ($0.output += text) : ($0.errors += text) }
    } atEnd: {
      self.change { $0.openPipes -= 1 }
    }
  }

  /// Bytes at the end that begin a character of UTF-8 and do not finish it.
  private static func begun(at bytes: Data) -> Int {
    for (behind, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > behind + 1 ? behind + 1 : 0
    }
    return 0
  }

  /// What follows the marker up to the end of its line; nil when all pipes ended without it.
  func text(after marker: String) async -> String? {
    await wait { $0.text(after: marker) != nil || $0.openPipes == 0 }
    return state.withLock { $0.text(after: marker) }
  }

  /// Everything, once all pipes have ended.
  func all() async -> (output: String, errors: String) {
    await wait { $0.openPipes == 0 }
    return state.withLock { ($0.output, $0.errors) }
  }

  private func wait(until isTrue: (borrowing State) -> Bool) async {
    while true {
      if state.withLock({ isTrue($0) }) { return }
      await withCheckedContinuation { waiter in
        let waits = state.withLock { state in
          if isTrue(state) { return false }
          state.waiters.append(waiter)
          return true
        }
        if !waits { waiter.resume() }
      }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let waiters = state.withLock { state in
      body(&state)
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
