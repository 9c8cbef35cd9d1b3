// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// Who is answered before the end of a request need not send the rest of it (RFC 9113, 8.1). Nobody
/// waits here for a timeout: those are longer than a test may take.
@Suite("Early answers on HTTP/2 streams", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2EarlyAnswerTests {
  private static let patient: ProxyTimeouts = {
    var timeouts = ProxyTimeouts.testing
    timeouts.idle = .seconds(600)
    return timeouts
  }()

  /// Answers once it has the head, whatever of the body came.
  private static func hasty(_ answer: String) -> Origin.Behaviour {
    { connection, _ in
      while try await connection.receive() {
        if String(buffer: connection.received).contains("\r\n\r\n") { break }
      }
      try await connection.send(answer)
      while try await connection.receive() {}
    }
  }

  @Test(
    "The stream ends at once, without an error, and the connection goes on",
    arguments: [
      ("HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig", 413, "big"),
      (
        "HTTP/1.1 413 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\na: b\r\n\r\n", 413,
        "big"
      ),
      ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
    ])
  func endsAtOnce(answer: String, status: Int, text: String) async throws {
    try await Origin.run(Self.hasty(answer)) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: Self.patient)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          for _ in 0..<3 {
            let call = try client.call(
              "/", method: "POST", body: [UInt8](repeating: 1, count: 100_000), sendsWhole: false)
            try await client.answer(to: call)
            #expect(call.status == status && call.text == text)
            #expect(call.hasEnded && call.closeCode == HTTP2Code.none)
          }
          let whole = try client.call("/")
          try await client.answer(to: whole)
          #expect(whole.status == status && whole.closeCode == HTTP2Code.none)
        }
      }
    }
  }

  @Test("A request that the proxy refuses ends so too")
  func refused() async throws {
    try await RunningProxy.run(.all(to: 9, timeouts: Self.patient)) { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        let call = try client.call("/a/../b", method: "POST", body: [1, 2, 3], sendsWhole: false)
        try await client.answer(to: call)
        #expect(call.status == 400 && call.text.contains("ambiguous-path"))
        #expect(call.hasEnded && call.closeCode == HTTP2Code.none)
      }
    }
  }
}
