// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import ShadowComparison
internal import ShadowEvidenceStore

/// The `--evidence` option: the SQLite file with what was found.
struct EvidenceOption: ParsableArguments {
  @Option(name: .customLong("evidence"), help: "SQLite file with the evidence.")
  var file = "shadow.sqlite"

  /// Opens the store to write; what cannot be used ends the command with a sentence.
  func open(creates: Bool = false) throws -> ShadowEvidenceStore {
    try usable { try ShadowEvidenceStore(path: file, creates: creates) }
  }

  /// Opens the store to read, whatever the file is.
  func reading() throws -> ShadowEvidenceStore {
    try usable { try ShadowEvidenceStore(reading: file) }
  }

  private func usable(_ open: () throws -> ShadowEvidenceStore) throws -> ShadowEvidenceStore {
    do {
      return try open()
    } catch let error as EvidenceStoreError where error.code == .missing {
      throw CommandFailure.unusable(
        "\(error); name the file with --evidence, or make one with strangler shadow "
          + "replay or a route that shadows")
    } catch let error as EvidenceStoreError {
      throw CommandFailure.unusable(error.description)
    }
  }
}

/// How a report is written, by a replay and afterwards alike.
struct ReportWriting {
  let store: ShadowEvidenceStore
  let format: ShadowFormat
  let output: OutputOption

  func write(_ report: ShadowReport) async throws {
    switch format {
    case .text: try output.deliver(report.text())
    case .json: try output.deliver(report.json)
    case .html: try output.deliver(report.html(pairs: try await store.pairs(of: report)))
    }
  }
}

/// The system's clock as the evidence has it.
enum UnixTime {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  static func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

  /// A time for people, in UTC.
  static func text(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(.iso8601)
  }
}
