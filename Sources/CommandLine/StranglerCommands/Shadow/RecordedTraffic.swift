// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ShadowComparison
internal import ShadowTraffic

/// Reads HAR files for the commands and words what is wrong with them.
enum RecordedTraffic {
  /// Reads a file.
  /// - Throws: `CommandFailure` when it cannot be used.
  static func read(_ path: String) throws -> [RecordedExchange] {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure.unusable("cannot read \(path); name a HAR file with --har")
    }
    defer { try? file.close() }
    let data: Data
    do {
      data = try file.read(upToCount: HTTPArchive.maximumSize + 1) ?? Data()
    } catch {
      throw CommandFailure.unusable("cannot read \(path); is it a folder?")
    }
    guard !data.isEmpty else {
      throw CommandFailure.unusable("\(path) is empty; record it again")
    }
    guard data.count <= HTTPArchive.maximumSize else {
      throw CommandFailure.unusable(
        "\(path) is larger than \(HTTPArchive.maximumSize >> 20) MiB; record less, or split it")
    }
    do throws(ArchiveProblem) {
      return try HTTPArchive.read(Array(data))
    } catch {
      throw CommandFailure.unusable("\(path): \(error)")
    }
  }

  /// Without the name and password that a URL may hold.
  private static func withoutSecrets(_ origin: String) -> String {
    guard let scheme = origin.range(of: "://"), let end = origin.lastIndex(of: "@"),
      end >= scheme.upperBound
    else { return origin }
    return String(origin[..<scheme.upperBound] + origin[origin.index(after: end)...])
  }

  /// What to tell when nothing can be selected.
  static func failure(_ problem: ReplaySelection.Problem, file: String) -> CommandFailure {
    switch problem {
    case .severalOrigins(let origins):
      let list = origins.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
        .map {
          "  \($0.key.isEmpty ? "(not absolute)" : withoutSecrets($0.key))  \($0.value) requests"
        }
      return .unusable(
        "\(file) holds requests to \(origins.count) addresses; choose one with --origin",
        details: list)
    }
  }
}
