// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import ShadowComparison
import ShadowTraffic
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TrafficRecorderTests {
  private static func recorded(_ file: String) throws -> [RecordedExchange] {
    try HTTPArchive.read(Array(Data(contentsOf: URL(filePath: file))))
  }

  @Test func whatGoesThroughIsInTheFile() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let path = bench.path("visit.har")
    try await TestSide.serving { asked, _ in
      if asked.target == "/bytes" {
        return Response(
          status: .ok, headers: [.contentType: "image/png", .setCookie: "session=1"],
          body: ResponseBody(byteBuffer: ByteBuffer(bytes: [0, 255])))
      }
      return TestSide.json(#"{"sent":"\#(asked.body)"}"#, status: .created)
    } _: { upstream in
      try await Self.recording(upstream.base, to: path) { address in
        var post = HTTPClientRequest(url: address + "/orders?a=1")
        post.method = .POST
        post.headers.add(name: "authorization", value: "Bearer secret")
        post.headers.add(name: "x-user-id", value: "7")
        post.body = .bytes(ByteBuffer(string: "ten"))
        let answer = try await HTTPClient.shared.execute(post, timeout: .seconds(20))
        #expect(answer.status == .created)
        #expect(String(buffer: try await answer.body.collect(upTo: 1 << 10)) == #"{"sent":"ten"}"#)
        let bytes = try await HTTPClient.shared.execute(
          HTTPClientRequest(url: address + "/bytes"), timeout: .seconds(20))
        #expect(bytes.headers.first(name: "set-cookie") == "session=1")
        #expect(try await bytes.body.collect(upTo: 9) == ByteBuffer(bytes: [0, 255]))
      }
      #expect(upstream.journal.all.first?.headers["authorization"] == "Bearer secret")
      let exchanges = try Self.recorded(path)
      #expect(exchanges.map(\.method) == ["POST", "GET"])
      #expect(exchanges.map(\.url) == ["/orders?a=1", "/bytes"].map { "\(upstream.base)" + $0 })
      #expect(exchanges.first?.body == Array("ten".utf8))
      #expect(exchanges.first?.headers.contains { $0.value == "7" } == true)
      #expect(exchanges.first?.startedAt == "now")
      #expect(exchanges.last?.response?.body == .whole([0, 255]))
      #expect(exchanges.map { $0.response?.status } == [201, 200])
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(!text.contains("secret") && !text.contains("session=1"))
    }
  }

  @Test func packedAnswersAreRecordedUnpacked() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let path = bench.path("packed.har")
    let packed = try #require(
      Data(
        base64Encoded:
          "H4sIAAAAAAAE/6tWKskvScxRsjI01FHKyy9JVbJSSs9MK1HSUSrOLgVyig2VagFOmSWcJQAAAA=="
      ))
    try await TestSide.serving { asked, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json", .contentEncoding: "gzip"],
        body: ResponseBody(
          byteBuffer: ByteBuffer(bytes: asked.target == "/cut" ? packed.dropLast(4) : packed)))
    } _: { upstream in
      try await Self.recording(upstream.base, to: path) { address in
        // The shared client would unpack.
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
        for target in ["/whole", "/cut"] {
          let answer = try await client.execute(
            HTTPClientRequest(url: address + target), timeout: .seconds(20))
          // Its client gets what was sent.
          let bytes = try await answer.body.collect(upTo: 1 << 10)
          #expect(bytes.readableBytes == (target == "/cut" ? packed.count - 4 : packed.count))
        }
        try await client.shutdown()
      }
      let bodies = try Self.recorded(path).map { $0.response?.body }
      #expect(
        bodies == [
          .whole(Array(#"{"total":11,"note":"gift","sku":"s1"}"#.utf8)),
          .whole(Array(packed.dropLast(4))),
        ])
    }
  }

  @Test func anUpstreamThatIsDownIsABadGateway() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let nobody = try #require(BaseAddress(parsing: "http://127.0.0.1:1"))
    try await Self.recording(nobody, to: bench.path("visit.har")) { address in
      let answer = try await HTTPClient.shared.execute(
        HTTPClientRequest(url: address + "/"), timeout: .seconds(20))
      #expect(answer.status == .badGateway)
    }
    #expect(try Self.recorded(bench.path("visit.har")) == [])
  }

  /// Records while the body runs; all that it sent is in the file afterwards.
  private static func recording(
    _ upstream: BaseAddress, to path: String, _ body: (String) async throws -> Void
  ) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let logger = Logger(label: "recorder") { _ in SwiftLogNoOpLogHandler() }
    let file = try RecordingFile(creating: path)
    let recorder = TrafficRecorder(
      port: 0, upstream: upstream, file: file, keepsCredentials: false, logger: logger,
      time: { "now" }, onListening: { continuation.yield($0) }, onRecorded: { _ in })
    let group = ServiceGroup(services: [recorder], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let port = try #require(await ports.first { _ in true })
      try await body("http://127.0.0.1:\(port)")
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
    try await file.close()
  }
}

struct RecordingFileTests {
  private let exchange = RecordedExchange(startedAt: "", method: "GET", url: "http://a/")

  @Test func theFileIsCompleteAfterEveryExchange() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let path = bench.path("visit.har")
    let file = try RecordingFile(creating: path)
    func read() throws -> Int {
      try HTTPArchive.read(Array(Data(contentsOf: URL(filePath: path)))).count
    }
    #expect(try read() == 0)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    #expect("\(mode ?? "none")" == "\(0o600)")
    for count in 1...3 {
      #expect(try await file.append(exchange) == .written(count))
      #expect(try read() == count)
    }
  }

  @Test func itNeverGrowsBeyondItsLimitsAndReplacesNothing() async throws {
    let bench = try ReplayBench()
    defer { bench.remove() }
    let path = bench.path("visit.har")
    let file = try RecordingFile(creating: path, exchanges: 2)
    let outcomes = [
      try await file.append(exchange), try await file.append(exchange),
      try await file.append(exchange),
    ]
    #expect(outcomes == [.written(1), .written(2), .full])
    #expect(throws: (any Error).self) { try RecordingFile(creating: path) }
    let small = try RecordingFile(creating: bench.path("small.har"), bytes: 200)
    #expect(try await small.append(exchange) == .full)
  }
}
