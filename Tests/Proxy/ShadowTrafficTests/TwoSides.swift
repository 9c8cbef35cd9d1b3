// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import ShadowComparison
import ShadowEvidenceStore
import ShadowTraffic
import Synchronization
import Testing

/// A server on loopback whose answers a test decides, and what it was asked.
struct TestSide: Sendable {
  struct Asked: Sendable {
    let method: String
    let target: String
    let headers: [String: String]
    let body: String
  }

  final class Journal: Sendable {
    private let state = Mutex<[Asked]>([])
    var all: [Asked] { state.withLock { $0 } }
    func add(_ asked: Asked) { state.withLock { $0.append(asked) } }
  }

  typealias Answer = @Sendable (Asked, Int) async throws -> Response

  let base: BaseAddress
  let journal: Journal

  /// Serves while the body runs.
  static func serving(
    _ answer: @escaping Answer, _ body: @Sendable (TestSide) async throws -> Void
  ) async throws {
    let journal = Journal()
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let logger = Logger(label: "side") { _ in SwiftLogNoOpLogHandler() }
    let application = Application(
      responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
        let bytes = try await request.body.collect(upTo: 1 << 20)
        let asked = Asked(
          method: request.method.rawValue, target: request.head.path ?? "",
          headers: Dictionary(
            request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { $1 }),
          body: String(buffer: bytes))
        journal.add(asked)
        return try await answer(asked, journal.all.count)
      },
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
    let group = ServiceGroup(services: [application], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let port = try #require(await ports.first { _ in true })
      let base = try #require(BaseAddress(parsing: "http://127.0.0.1:\(port)"))
      try await body(TestSide(base: base, journal: journal))
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// A replay between two such servers, with its evidence in a file.
struct ReplayBench {
  let store: ShadowEvidenceStore
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "replay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try ShadowEvidenceStore(
      path: folder.appending(path: "s.sqlite").path(percentEncoded: false), creates: true)
  }

  func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Replays and reads the report back.
  func replay(
    _ exchanges: [RecordedExchange], legacy: BaseAddress, extracted: BaseAddress,
    writes: Bool = false, repeats: Int = 1, answers: AnswerLimits = AnswerLimits()
  ) async throws -> ShadowReport {
    let run = try await store.begin(
      .replay, legacy: "\(legacy)", extracted: "\(extracted)", at: 1)
    let writer = EvidenceWriter(
      store: store, run: run, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { 2 })
    let replay = Replay(
      options: ReplayOptions(
        legacy: legacy, extracted: extracted, rate: 10_000, repeats: repeats, answers: answers),
      approvals: [], writer: writer, unixMilliseconds: { 3 })
    var options = ReplaySelection.Options()
    options.includesWrites = writes
    let selection = try ReplaySelection(exchanges, options)
    let done = try await replay.run(selection) { _ in }
    #expect(done == selection.requests.count * repeats)
    try await writer.flush()
    return try await store.report(runs: [run])
  }

  static func get(_ target: String) -> RecordedExchange {
    RecordedExchange(startedAt: "", method: "GET", url: "http://recorded" + target)
  }
}
