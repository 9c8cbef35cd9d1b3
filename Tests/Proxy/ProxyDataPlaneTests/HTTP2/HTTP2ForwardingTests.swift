// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import Testing

@Suite("HTTP/2 forwarding", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2ForwardingTests {
  /// Answers with the request's own lines and body.
  private static let echo = Origin.answering { request in
    let text = request.lines.joined(separator: "\n") + "\n\n" + request.text
    return "HTTP/1.1 200 OK\r\nX-Origin: yes\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
  }

  @Test("A request reaches an HTTP/1.1 origin as one of its own")
  func request() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call(
            "/orders?a=1", [("x-a", "1"), ("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")])
          try await client.answer(to: call)
          #expect(call.status == 200 && call.closeCode == 0)
          #expect(call.head["x-origin"] == "yes" && call.head["via"] == "1.1 strangler")
          #expect(call.head["date"]?.hasSuffix("GMT") == true)
          let lines = call.text.split(separator: "\n").map(String.init)
          #expect(lines.first == "GET /orders?a=1 HTTP/1.1")
          #expect(lines.contains("host: shop.test") && lines.contains("x-a: 1"))
          #expect(lines.contains("cookie: a=1; b=2"))
          #expect(lines.contains("via: 2.0 strangler"))
        }
      }
    }
  }

  @Test("Streams of one connection are answered each on its own")
  func manyStreams() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          for round in 0..<3 {
            let calls = try (0..<50).map { try client.call("/\(round)/\($0)") }
            try await client.wait { calls.allSatisfy(\.isDone) }
            for (index, call) in calls.enumerated() {
              #expect(call.text.hasPrefix("GET /\(round)/\(index) HTTP/1.1"))
            }
          }
        }
      }
    }
  }

  @Test("Bodies pass whole, with a length and without", arguments: [0, 1, 70_000, 1_500_000])
  func bodies(length: Int) async throws {
    let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let origin: Origin.Behaviour = { connection, _ in
      while let request = try await connection.message() {
        let count = request.body.readableBytes
        let framing = request.value("transfer-encoding") ?? "length"
        try await connection.send(
          "HTTP/1.1 200 OK\r\nx-framing: \(framing)\r\ncontent-length: \(count)\r\n\r\n")
        try await connection.send(request.body)
      }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let known = try client.call(
            "/", method: "POST", [("content-length", "\(length)")], body: body)
          let unknown = try client.call("/", method: "POST", body: body)
          try await client.wait { known.isDone && unknown.isDone }
          #expect(known.body == body && known.head["x-framing"] == "length")
          #expect(unknown.body == body && unknown.head["x-framing"] == "chunked")
        }
      }
    }
  }

  @Test("Chunks of an origin become data, and its trailers fields behind it")
  func trailers() async throws {
    let origin = Origin.answering { _ in
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
        + "grpc-status: 0\r\ncontent-length: 9\r\n\r\n"
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          try await client.answer(to: call)
          #expect(call.text == "abcde" && call.trailers == ["grpc-status": "0"])
          #expect(call.head["transfer-encoding"] == nil && call.closeCode == 0)
        }
      }
    }
  }

  @Test("Answers without a body end with their head")
  func withoutBody() async throws {
    let origin: Origin.Behaviour = { connection, _ in
      while let request = try await connection.message() {
        let isHead = request.startLine.hasPrefix("HEAD")
        try await connection.send(
          isHead
            ? "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n" : "HTTP/1.1 204 No Content\r\n\r\n")
      }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let head = try client.call("/", method: "HEAD")
          try await client.answer(to: head)
          #expect(head.status == 200 && head.head["content-length"] == "12" && head.body.isEmpty)
          let get = try client.call("/")
          try await client.answer(to: get)
          #expect(get.status == 204 && get.closeCode == 0)
        }
      }
    }
  }

  @Test("Early hints come before the answer")
  func interim() async throws {
    let origin = Origin.answering { _ in
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          try await client.answer(to: call)
          #expect(call.interim.first?[":status"] == "103" && call.interim.first?["link"] == "</a>")
          #expect(call.text == "ok")
        }
      }
    }
  }

  @Test("A body that only the origin's close ends is whole")
  func untilClose() async throws {
    let origin: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/")
          try await client.answer(to: call)
          #expect(call.text == "all of it" && call.closeCode == 0)
        }
      }
    }
  }
}
