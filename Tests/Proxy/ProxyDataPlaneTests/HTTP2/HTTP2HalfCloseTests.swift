// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Half-closed HTTP/2 clients", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2HalfCloseTests {
  @Test("What was asked for whole is answered, the rest is dropped, and then the connection ends")
  func answersWhatIsWhole() async throws {
    let gate = Gate()
    let origin: Origin.Behaviour = { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        await gate.wait()
        let path = request.startLine.split(separator: " ")[1]
        try await connection.send(
          "HTTP/1.1 200 OK\r\ncontent-length: \(path.utf8.count)\r\n\r\n\(path)")
      }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          try await client.wait { client.engine.mostStreams == 100 }
          let whole = try (0..<3).map { try client.call("/\($0)") }
          let part = try client.call("/part", method: "POST", body: [1, 2], sendsWhole: false)
          try await client.send()
          client.finishSending()
          while origin.requests.value < 3 { try await letOthersRun() }
          gate.open()
          try await client.wait { whole.allSatisfy(\.isDone) }
          for (index, call) in whole.enumerated() {
            #expect(call.text == "/\(index)" && call.closeCode == HTTP2Code.none)
          }
          try await client.wait { false }
          #expect(client.hasEnded && client.goAway == HTTP2Code.none)
          #expect(part.status == 0 && part.closeCode == HTTP2Code.internalError)
        }
      }
      #expect(origin.requests.value == 3)
    }
  }

  @Test("A client with nothing under way is let go")
  func idle() async throws {
    try await RunningProxy.run(.all(to: 9)) { proxy in
      try await HTTP2Client.run(proxy.port) { client in
        try await client.wait { client.engine.mostStreams == 100 }
        client.finishSending()
        try await client.wait { false }
        #expect(client.hasEnded)
      }
      while proxy.server.counters.snapshot().clientsOpen > 0 { try await letOthersRun() }
    }
  }
}
