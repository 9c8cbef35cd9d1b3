// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A program under way, ended by its own process id. The end of what it wrote is kept.
package final class Program: Sendable {
  private static let keptBytes = 64 << 10

  /// Why it did not run.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  private struct State {
    var text = ""
    var hasEnded = false
    var nextWaiter = 0
    var waiters: [Int: (marker: String?, waiter: CheckedContinuation<Bool, Never>)] = [:]
  }

  private let process: SpawnedProcess
  private let state = Mutex(State())

  private init(_ process: SpawnedProcess) { self.process = process }

  /// - Parameter user: as whom it runs where this process is root's.
  package static func start(
    _ executable: String, _ arguments: [String], as user: String? = nil
  ) throws -> Program {
    // The server must be able to enter the folder it is started in.
    var command = ["-C", "/", executable] + arguments
    if let user, getuid() == 0 {
      command.insert(
        contentsOf: ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"], at: 2)
    }
    let process = try SpawnedProcess("/usr/bin/env", command, errors: .pipe)
    let program = Program(process)
    process.whenEnded { _ in program.change { $0.hasEnded = true } }
    if let errors = process.errors {
      SpawnedProcess.read(errors) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        program.change { $0.text = String(($0.text + text).suffix(keptBytes)) }
      }
    }
    return program
  }

  /// Runs one to its end.
  package static func run(
    _ executable: String, _ arguments: [String], as user: String? = nil
  ) async throws {
    let program = try start(executable, arguments, as: user)
    await program.ended()
    guard program.exitCode == 0 else {
      throw Failure(description: "\(executable): \(program.text)")
    }
  }

  package var text: String { state.withLock { $0.text } }

  /// The code with which it ended, or the number of the signal that ended it; nil before that.
  package var exitCode: Int32? { process.outcome?.status }

  package func signal(_ number: Int32) { process.signal(number) }

  /// Ends it and returns when it has ended.
  package func end(_ number: Int32 = SIGKILL) async {
    signal(number)
    await ended()
  }

  /// Not even a cancelled caller leaves before it has ended.
  package func ended() async { _ = await wait(for: nil, as: newWaiter()) }

  /// Whether it wrote that before it ended, in time, and before the caller was cancelled.
  package func wrote(_ marker: String, within seconds: Int) async -> Bool {
    let number = newWaiter()
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [weak self] in
      self?.giveUp(number)
    }
    return await withTaskCancellationHandler {
      await wait(for: marker, as: number)
    } onCancel: {
      giveUp(number)
    }
  }

  private func newWaiter() -> Int {
    state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
  }

  /// Whoever waits hears that it did not come.
  private func giveUp(_ number: Int) {
    state.withLock { $0.waiters.removeValue(forKey: number) }?.waiter.resume(returning: false)
  }

  private func wait(for marker: String?, as number: Int) async -> Bool {
    await withCheckedContinuation { waiter in
      change { state in state.waiters[number] = (marker, waiter) }
      // The handler of a cancellation may have run already and found nothing.
      if marker != nil, Task.isCancelled { giveUp(number) }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      for (number, (marker, waiter)) in state.waiters {
        let isWritten = marker.map { state.text.contains($0) } ?? false
        guard isWritten || state.hasEnded else { continue }
        state.waiters[number] = nil
        waiter.resume(returning: isWritten || marker == nil)
      }
    }
  }
}
