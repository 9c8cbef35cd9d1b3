// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// The real proxy, one process with a folder of its own, and its admin API.
final class TrialProxy: Sendable {
  struct NotStarted: Error, CustomStringConvertible {
    let description: String
  }

  /// What a trial asks of a cutover's state.
  struct Status: Decodable {
    let phase: String
    let stage: Int
    let holdText: String?
  }

  struct Entry: Decodable {
    struct Move: Decodable {
      let to: Double
    }

    let at: String
    let reason: String
    let isAutomatic: Bool
    let moves: [Move]
    let evidence: String?
  }

  /// What comparing both sides' answers found.
  struct Found: Decodable {
    struct Endpoint: Decodable {
      struct Path: Decodable {
        let path: String
        let kind: String
        let label: String
      }

      let paths: [Path]
    }

    let comparisons: Int
    let reasks: Int
    let endpoints: [Endpoint]

    var realPaths: [String] {
      endpoints.flatMap(\.paths).filter { $0.label == "real" }.map { "\($0.path) (\($0.kind))" }
    }
  }

  private struct Page: Decodable {
    let entries: [Entry]
  }

  private struct Verdict: Decodable {
    let fault: String?
  }

  /// Questions to the admin API at a time, and some more for connections that are closing.
  static let mostQuestions = 8
  private static let startPatience = Duration.seconds(30)
  private static let answerPatience = TimeAmount.seconds(20)

  let address: String
  private let admin: String
  private let token: String
  private let process: Process
  private let ended: Task<Void, Never>
  private let folder: URL
  private let client: HTTPClient

  init(
    _ program: String, _ client: HTTPClient, configuration: (_ folder: String) -> String
  ) async throws {
    self.client = client
    folder = FileManager.default.temporaryDirectory
      .appending(path: "bad-release-\(UUID().uuidString.lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.path(percentEncoded: false)
    let file = folder.appending(path: "strangler.yaml")
    try Data(configuration(path).utf8).write(to: file)
    let log = folder.appending(path: "log")
    try Data().write(to: log)
    process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = [
      "proxy", "--config", file.path(percentEncoded: false), "--evidence", path + "/shadow.sqlite",
    ]
    process.standardInput = FileHandle.nullDevice
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in continuation.finish() }
    ended = Task { for await _ in stream {} }
    try process.run()
    do {
      let addresses = try await Self.addresses(in: log, of: process)
      (address, admin) = ("http://" + addresses.proxy, "http://" + addresses.admin)
      token = try String(contentsOf: folder.appending(path: "token"), encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      // Nobody else knows of it.
      kill(process.processIdentifier, SIGKILL)
      await ended.value
      throw error
    }
  }

  /// Where it listens, once it says so.
  private static func addresses(
    in log: URL, of process: Process
  ) async throws -> (proxy: String, admin: String) {
    let clock = ContinuousClock()
    let end = clock.now + startPatience
    while true {
      let text = try String(contentsOf: log, encoding: .utf8)
      if let proxy = line(text, after: "proxy listening on "),
        let admin = line(text, after: "admin listening on ")
      {
        return (proxy, admin)
      }
      if clock.now > end || !process.isRunning {
        throw NotStarted(description: "the proxy did not start: \(text)")
      }
      try await clock.sleep(for: .milliseconds(50))
    }
  }

  private static func line(_ text: String, after marker: String) -> String? {
    guard let range = text.range(of: marker),
      let end = text[range.upperBound...].firstIndex(of: "\n")
    else { return nil }
    return String(text[range.upperBound..<end])
  }

  func stop() async {
    kill(process.processIdentifier, SIGKILL)
    await ended.value
    try? FileManager.default.removeItem(at: folder)
  }

  func start(_ cutover: String) async throws {
    let order = #"{"actor": "trial", "reason": "a trial"}"#
    _ = try await call(.POST, "/cutovers/\(cutover)/start", order)
  }

  func status(of cutover: String) async throws -> Status {
    try JSONDecoder().decode(Status.self, from: try await call(.GET, "/cutovers/\(cutover)"))
  }

  func found() async throws -> Found {
    try JSONDecoder().decode(Found.self, from: try await call(.GET, "/shadows/evidence"))
  }

  func history() async throws -> [Entry] {
    try JSONDecoder().decode(Page.self, from: try await call(.GET, "/journal")).entries
  }

  /// The journal is what was written.
  func isSound() async throws -> Bool {
    try JSONDecoder().decode(Verdict.self, from: try await call(.GET, "/journal/verify")).fault
      == nil
  }

  private func call(_ method: HTTPMethod, _ path: String, _ body: String? = nil) async throws
    -> Data
  {
    var request = HTTPClientRequest(url: admin + path)
    request.method = method
    request.headers.add(name: "authorization", value: "Bearer " + token)
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: body))
    }
    let response = try await execute(request)
    let answer = Data(try await response.body.collect(upTo: 1 << 22).readableBytesView)
    guard response.status == .ok else {
      throw NotStarted(
        description:
          "\(method) \(path): \(response.status) \(String(decoding: answer, as: UTF8.self))")
    }
    return answer
  }

  /// A connection that idled may be closed by the proxy just when it is used again; only what
  /// changes nothing is asked twice for that.
  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    do {
      return try await client.execute(request, timeout: Self.answerPatience)
    } catch {
      guard request.method == .GET else { throw error }
      return try await client.execute(request, timeout: Self.answerPatience)
    }
  }
}
