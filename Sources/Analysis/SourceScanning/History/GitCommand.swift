// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs git on a checkout that may be anybody's: nothing that its configuration names is run, and
/// nothing is fetched.
struct GitCommand: Sendable {
  private static let pieceBytes = 64 << 10
  /// A repository's settings could start programs: a monitor, a pager, a signature check.
  private static let safety = [
    "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.hooksPath=/dev/null",
    "-c", "diff.renameLimit=2000", "--no-pager", "--no-optional-locks",
  ]
  /// Settings of the user and the repository that would change what is answered: the same history
  /// is to give the same answer for everyone.
  private static let neutral = [
    "-c", "diff.relative=false", "-c", "log.showRoot=true", "-c", "log.follow=false",
    "-c", "log.mailmap=true", "-c", "mailmap.file=", "-c", "color.ui=false",
    "-c", "color.diff=false", "-c", "core.quotePath=true", "-c", "i18n.logOutputEncoding=UTF-8",
  ]

  let folder: String

  /// The lines of what git answers, or `nil` when it fails or there is no git.
  func lines(_ arguments: [String]) -> [String]? {
    var answer: [UInt8] = []
    let status = run(arguments) { piece in
      answer += piece
      return answer.count < Self.pieceBytes
    }
    guard status == 0 else { return nil }
    return answer.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Hands the output on in pieces until there is no more or `piece` answers false; then git is
  /// stopped.
  ///
  /// - Returns: git's exit status; `nil` when it could not be started.
  func run(_ arguments: [String], piece: ([UInt8]) -> Bool) -> Int32? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder] + Self.safety + Self.neutral + arguments
    process.environment = Self.environment
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    guard (try? process.run()) != nil else { return nil }
    let reading = output.fileHandleForReading
    while let bytes = try? reading.read(upToCount: Self.pieceBytes), !bytes.isEmpty {
      guard piece([UInt8](bytes)) else {
        process.terminate()
        break
      }
    }
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Variables of a surrounding git (a hook, say) would name another repository.
  private static let environment: [String: String] = {
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
    variables["GIT_NO_LAZY_FETCH"] = "1"
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["LC_ALL"] = "C"
    return variables
  }()
}
