// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation
internal import Playbooks
internal import ServerPrograms
internal import UnixSignals

/// Runs the shell of a playbook: shows what its marks say, holds each step to its time, and leaves
/// nothing running.
struct PlaybookRunner {
  let folder: PlaybookFolder
  let terminal: Terminal
  /// Time that one step may take.
  let limit: Duration
  /// Keeps the scratch folder of a run that went well too.
  let keeps: Bool

  /// Time in which what the steps started may end by itself.
  private static let patience = Duration.seconds(15)

  private enum Event: Sendable {
    case output([UInt8])
    case ended(SpawnedProcess.Outcome)
    /// Nobody has the other end of the pipe any more.
    case drained
    case due(step: Int?)
    case interrupted
  }

  /// - Returns: what came of it, and the scratch folder where it is kept.
  func run(_ playbook: Playbook) async throws -> (PlaybookProgress, kept: String?) {
    let scratch = try Self.makeScratch()
    let path = scratch.path(percentEncoded: false)
    let text = PlaybookText(terminal)
    terminal.write(text.head(playbook, file: folder.file(playbook), in: path))
    let progress = try await carryOut(playbook, path, text)
    if let failure = progress.failure {
      terminal.write(text.failed(failure, of: playbook, file: folder.file(playbook)))
    }
    guard keeps || progress.failure != nil else {
      try? FileManager.default.removeItem(at: scratch)
      return (progress, nil)
    }
    terminal.write(text.kept(path))
    return (progress, path)
  }

  private static func makeScratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "strangler-playbook-\(UUID().uuidString.lowercased().prefix(8))")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandFailure.unusable(
        "cannot make a folder to work in: \(error.localizedDescription)")
    }
    return folder
  }

  private func carryOut(
    _ playbook: Playbook, _ scratch: String, _ text: PlaybookText
  ) async throws -> PlaybookProgress {
    let token = UUID().uuidString.replacing("-", with: "")
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    // Before anything is started: what comes earlier ends the program.
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let listening = Task { for await _ in signals { continuation.yield(.interrupted) } }
    defer { listening.cancel() }
    let shell = try start(playbook, scratch, token)
    if let output = shell.output {
      SpawnedProcess.read(output) {
        continuation.yield(.output($0))
      } atEnd: {
        continuation.yield(.drained)
      }
    }
    shell.whenEnded { continuation.yield(.ended($0)) }
    var stream = PlaybookStream(token: token)
    var progress = PlaybookProgress(playbook)
    let begin = ContinuousClock.now
    func expect(_ step: Int?, within time: Duration) {
      DispatchQueue.global().asyncAfter(deadline: .now() + time / .seconds(1)) {
        continuation.yield(.due(step: step))
      }
    }
    var outcome: SpawnedProcess.Outcome?
    var isDrained = shell.output == nil
    events: for await event in events {
      switch event {
      case .output(let bytes):
        let pieces = stream.take(bytes)
        for step in show(pieces, &progress, text, at: ContinuousClock.now - begin) {
          expect(step, within: step == nil ? Self.patience : limit)
        }
      case .ended(let ended):
        outcome = ended
        if isDrained { break events }
        // Its group has gone with it; what left the group may hold the pipe.
        expect(nil, within: Self.patience)
      case .drained:
        isDrained = true
        if outcome != nil { break events }
      case .due(let step?) where step == progress.current:
        progress.fail(.time(limit))
        shell.signalGroup(SIGTERM)
        expect(nil, within: Self.patience)
      case .due(step: nil) where outcome != nil: break events
      case .due(step: nil): shell.signalGroup(SIGKILL)
      case .due: continue
      case .interrupted:
        progress.fail(.interruption)
        shell.signalGroup(SIGTERM)
        expect(nil, within: Self.patience)
      }
    }
    terminal.write(String(decoding: stream.end(), as: UTF8.self))
    switch outcome {
    case .exited(let code): progress.end(code: Int(code), signal: nil)
    case .signalled(let signal): progress.end(code: nil, signal: Int(signal))
    case nil: break
    }
    return progress
  }

  /// Shows what came.
  ///
  /// - Returns: steps that began; nil where the shell has begun to end its jobs.
  private func show(
    _ pieces: [PlaybookStream.Piece], _ progress: inout PlaybookProgress, _ text: PlaybookText,
    at now: Duration
  ) -> [Int?] {
    var begun: [Int?] = []
    for piece in pieces {
      switch piece {
      case .output(let bytes): terminal.write(String(decoding: bytes, as: UTF8.self))
      case .mark(let mark):
        if mark == .ending { begun.append(nil) }
        switch progress.take(mark, now: now) {
        case .announce(let step):
          let playbook = progress.playbook
          terminal.write(text.step(playbook.steps[step - 1], of: playbook))
          begun.append(step)
        case .finish(_, let time): terminal.write(text.finished(time))
        case nil: break
        }
      }
    }
    return begun
  }

  private func start(
    _ playbook: Playbook, _ scratch: String, _ token: String
  ) throws -> SpawnedProcess {
    var environment = ProcessInfo.processInfo.environment
    environment["SCRATCH"] = scratch
    if let program = Bundle.main.executableURL {
      let beside = program.resolvingSymlinksInPath().deletingLastPathComponent()
      environment["PATH"] =
        beside.path(percentEncoded: false) + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    }
    do {
      return try SpawnedProcess(
        "/usr/bin/env",
        [
          "bash", "-c", PlaybookScript(playbook, token: token).text, folder.file(playbook),
          folder.root.path(percentEncoded: false),
        ], environment: environment, output: .pipe, leadsGroup: true)
    } catch let failure as Program.Failure {
      throw CommandFailure.unusable(failure.description)
    }
  }
}
