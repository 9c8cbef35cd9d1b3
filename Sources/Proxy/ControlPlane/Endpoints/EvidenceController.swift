// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import ShadowComparison
internal import ShadowEvidenceStore
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// `/shadows/evidence`, the report that `strangler shadow report` prints, and
/// `/shadows/pairs/{id}`, both answers of a pair side by side.
final class EvidenceController: Sendable {
  /// How long a report is handed out again, in milliseconds: many may ask, and it reads the file.
  private static let freshness: Int64 = 5_000

  private let file: EvidenceFile
  private let report: SharedReport

  /// - Parameters:
  ///   - path: the SQLite file of evidence; it may come later.
  ///   - liveRun: the number of the run that this process writes; while it has none, the report is
  ///     about the one that people want to see of the file.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  init(
    path: String, liveRun: @escaping @Sendable () -> Int64?,
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    let file = EvidenceFile(path: path)
    self.file = file
    report = SharedReport(freshness: Self.freshness, unixMilliseconds: unixMilliseconds) {
      let report = try await file.reading { store in
        if let run = liveRun() { return try await store.report(runs: [run]) }
        let run = try await store.currentRun(at: unixMilliseconds())
        return try await store.report(runs: run.map { [$0.number] } ?? [])
      }
      return (report ?? ShadowEvidence().report()).json
    }
  }

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/shadows/evidence") { _, _ in Self.json(try await self.report.text) }
    router.get("/shadows/pairs/{id}") { _, context in
      let id = try context.parameters.require("id")
      guard let number = WholeNumber.parse(id) else {
        throw Problem(.badRequest, "Expected the number of a pair, found \"\(id)\".")
      }
      return try await self.pair(Int64(number))
    }
  }

  private func pair(_ number: Int64) async throws -> Response {
    guard let pair = try await file.reading({ try await $0.pair(number) }) ?? nil else {
      throw Problem(.notFound, "There is no pair \(number), or none any more.")
    }
    return .json(.ok, PairReport(pair, number: number))
  }

  private static func json(_ text: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: .init(string: text)))
  }
}

/// The evidence of a process, opened once it is there.
private final class EvidenceFile: Sendable {
  private let path: String
  private let opened = Mutex<ShadowEvidenceStore?>(nil)

  init(path: String) { self.path = path }

  /// nil while there is no file.
  func reading<Value>(
    _ read: (ShadowEvidenceStore) async throws -> Value
  ) async throws -> Value? {
    do {
      guard let store = try store() else { return nil }
      return try await read(store)
    } catch let error as EvidenceStoreError {
      throw Problem(.serviceUnavailable, "\(error)")
    }
  }

  private func store() throws -> ShadowEvidenceStore? {
    try opened.withLock { opened in
      if let opened { return opened }
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      opened = try ShadowEvidenceStore(reading: path)
      return opened
    }
  }
}

private struct PairReport: Encodable {
  struct Difference: Encodable {
    let path: String
    let kind: String
    let legacy: String?
    let extracted: String?
  }

  /// A line of both answers; absent on a side that has none there.
  struct Line: Encodable {
    let legacy: String?
    let extracted: String?
    let isChanged: Bool
  }

  let pair: Int64
  let endpoint: String
  let request: String
  /// Milliseconds since 1970-01-01T00:00:00Z.
  let comparedAt: Int64
  let differences: [Difference]
  let lines: [Line]

  init(_ pair: ShadowPair, number: Int64) {
    self.pair = number
    endpoint = pair.endpoint
    request = pair.request
    comparedAt = pair.comparedAt
    differences = pair.differences.map { difference in
      Difference(
        path: difference.pathKind.path.description, kind: difference.pathKind.kind.rawValue,
        legacy: difference.legacy, extracted: difference.extracted)
    }
    let rows = SideBySide(legacy: pair.legacy.lines, extracted: pair.extracted.lines).rows
    lines = rows.map { row in
      switch row {
      case .same(let line): Line(legacy: line, extracted: line, isChanged: false)
      case .changed(let legacy, let extracted):
        Line(legacy: legacy, extracted: extracted, isChanged: true)
      }
    }
  }
}
