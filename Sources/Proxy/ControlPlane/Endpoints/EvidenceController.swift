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

  private let path: String
  private let unixMilliseconds: @Sendable () -> Int64
  private let state = Mutex(State())

  private struct State {
    var store: ShadowEvidenceStore?
    var report: (json: String, at: Int64)?
  }

  /// - Parameters:
  ///   - path: the SQLite file of evidence; it may come later.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  init(path: String, unixMilliseconds: @escaping @Sendable () -> Int64) {
    self.path = path
    self.unixMilliseconds = unixMilliseconds
  }

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/shadows/evidence") { _, _ in try await self.report() }
    router.get("/shadows/pairs/{id}") { _, context in
      let id = try context.parameters.require("id")
      guard let number = WholeNumber.parse(id) else {
        throw Problem(.badRequest, "Expected the number of a pair, found \"\(id)\".")
      }
      return try await self.pair(Int64(number))
    }
  }

  private func report() async throws -> Response {
    let now = unixMilliseconds()
    let kept = state.withLock { $0.report }
    if let kept, now - kept.at < Self.freshness { return Self.json(kept.json) }
    let json =
      try await reading { try await $0.report().json } ?? ShadowEvidence().report().json
    state.withLock { $0.report = (json, now) }
    return Self.json(json)
  }

  private func pair(_ number: Int64) async throws -> Response {
    guard let pair = try await reading({ try await $0.pair(number) }) ?? nil else {
      throw Problem(.notFound, "There is no pair \(number), or none any more.")
    }
    return .json(.ok, PairReport(pair, number: number))
  }

  /// nil while there is no file.
  private func reading<Value>(
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
    try state.withLock { state in
      if let store = state.store { return store }
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      state.store = try ShadowEvidenceStore(path: path, creates: false)
      return state.store
    }
  }

  private static func json(_ text: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: .init(string: text)))
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
