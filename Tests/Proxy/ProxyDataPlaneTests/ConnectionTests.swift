// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Connections", .everyTransport, .timeLimit(.minutes(1)))
struct ConnectionTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test("One upstream connection serves many requests")
  func keepAlive() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<50 {
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "ok")
          }
        }
      }
      #expect(origin.requests.value == 50)
      #expect(origin.connections.value == 1)
    }
  }

  @Test("A client that ends its sending half still gets its answer")
  func halfClose() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          client.finishSending()
          let answer = try await client.receiveAll()
          #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
          #expect(answer.hasSuffix("\r\n\r\nok"))
        }
      }
    }
  }

  @Test("A half-closed client that reads slowly gets all of a large answer")
  func halfCloseLarge() async throws {
    let length = 48 << 20
    let large: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(length)\r\n\r\n")
      try await connection.send(ByteBuffer(repeating: 1, count: length))
      _ = try await connection.message()
    }
    try await Origin.run(large) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          client.finishSending()
          // Whether the head already says `close` depends on which end was heard first.
          #expect(try await client.messageSkippingBody(length)?.status == 200)
          #expect(try await client.receiveAll() == "")
        }
      }
    }
  }

  @Test("A body that ends with the upstream's close is chunked for HTTP/1.1 and plain for HTTP/1.0")
  func untilClose() async throws {
    let closing: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
    }
    try await Origin.run(closing) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<2 {
            try await client.send(Self.get)
            let response = try #require(try await client.message())
            #expect(response.value("transfer-encoding") == "chunked")
            #expect(response.text == "all of it")
          }
        }
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.0\r\n\r\n")
          let response = try #require(try await client.message())
          #expect(response.value("transfer-encoding") == nil)
          #expect(response.value("connection") == "close")
          #expect(response.text == "all of it")
        }
      }
    }
  }

  @Test("An answer before the request's end is passed on, and the upload is let go")
  func earlyAnswer() async throws {
    let early: Origin.Behaviour = { connection, _ in
      _ = try await connection.receive()
      try await connection.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
      while try await connection.receive() { connection.received.clear() }
    }
    try await Origin.run(early) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
          let response = try #require(try await client.message())
          #expect(response.status == 403)
          #expect(response.text == "no")
          #expect(try await client.receiveAll() == "")
        }
      }
    }
  }

  @Test("Interim answers reach HTTP/1.1 clients and nobody else")
  func interim() async throws {
    let hinting = Origin.answering { _ in
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    }
    try await Origin.run(hinting) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          let hint = try #require(try await client.message())
          #expect(hint.status == 103)
          #expect(hint.value("link") == "</a>")
          #expect(try await client.message()?.text == "ok")
          try await client.send("GET / HTTP/1.0\r\n\r\n")
          #expect(try await client.message()?.text == "ok")
        }
      }
    }
  }

  @Test("Requests beyond the connection limit wait in line; beyond the line they are 503")
  func connectionLimit() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let slow: Origin.Behaviour = { connection, requests in
      while try await connection.message() != nil {
        requests.add()
        for await _ in gate { break }
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
      }
    }
    try await Origin.run(slow) { origin in
      let limits = ProxyLimits(upstreamConnections: 1, upstreamQueue: 1)
      try await RunningProxy.run(.all(to: origin.port, limits: limits)) { proxy in
        try await Loopback.connect(proxy.port) { first in
          try await first.send(Self.get)
          while origin.requests.value == 0 { try await letOthersRun() }
          try await Loopback.connect(proxy.port) { second in
            try await second.send(Self.get)
            while proxy.server.counters.snapshot().bytesReceived < UInt64(2 * Self.get.utf8.count) {
              try await letOthersRun()
            }
            try await Loopback.connect(proxy.port) { third in
              try await third.send(Self.get)
              let refused = try #require(try await third.message())
              #expect(refused.status == 503)
              #expect(refused.value("retry-after") == "1")
            }
            open.yield()
            #expect(try await first.message()?.text == "ok")
            open.yield()
            #expect(try await second.message()?.text == "ok")
          }
        }
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("Beyond the limit of client connections the next one waits until one is gone")
  func clientLimit() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      let limits = ProxyLimits(clientConnections: 1)
      try await RunningProxy.run(.all(to: origin.port, limits: limits)) { proxy in
        let first = try await Loopback.connect(proxy.port) { first in
          try await first.send(Self.get)
          let answer = try await first.message()?.text
          try await Loopback.connect(proxy.port) { second in
            try await second.send(Self.get)
            // Both are done on one loop in order, so the second was not served before this answer.
            try await first.send(Self.get)
            _ = try await first.message()
            #expect(proxy.server.counters.snapshot().clientsOpen == 1)
            try await first.channel.close().get()
            #expect(try await second.message()?.text == "ok")
          }
          return answer
        }
        #expect(first == "ok")
      }
    }
  }
}
