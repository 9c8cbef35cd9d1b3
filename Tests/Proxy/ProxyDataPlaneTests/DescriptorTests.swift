// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Foundation
  import NIOCore
  import ProxyDataPlane
  import RoutingDecisions
  import Testing

  @Suite("Descriptors", .everyTransport, .timeLimit(.minutes(1)))
  struct DescriptorTests {
    @Test("A proxy that served, failed, was left and stopped leaves no descriptor open")
    func none() async {
      // A process of its own: other tests open and close descriptors all the time.
      let name = EveryTransport.current.rawValue
      await #expect(processExitsWith: .success) { [name = name as String] in
        guard let transport = TransportKind(rawValue: name) else { exit(2) }
        try await EveryTransport.$current.withValue(transport) {
          try await Self.serveEverything()
          let before = try Self.openDescriptors()
          for _ in 0..<3 { try await Self.serveEverything() }
          // The test's own ends close on their loops, a moment after the test let go of them.
          for _ in 0..<2000 {
            if try Self.openDescriptors() <= before { return }
            try await Loopback.pause(milliseconds: 5)
          }
          FileHandle.standardError.write(
            Data("\(try Self.openDescriptors()) descriptors, \(before) before\n".utf8))
          exit(1)
        }
      }
    }

    private static func openDescriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    private static func serveEverything() async throws {
      let origin = Origin.answering { request in
        switch request.startLine.split(separator: " ")[1] {
        case "/cut": "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"
        case "/bad": "nonsense\r\n\r\n"
        default: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        }
      }
      var timeouts = ProxyTimeouts.testing
      timeouts.idle = .milliseconds(200)
      try await Origin.run(origin) { origin in
        try await RunningProxy.run(.all(to: origin.port, 9, timeouts: timeouts)) { proxy in
          for path in ["/", "/bad", "/cut", "/left", "/..", "/half"] {
            for _ in 0..<10 {
              try? await Loopback.connect(proxy.port) { client in
                try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                if path == "/left" { return try await client.reset() }
                if path == "/half" { client.finishSending() }
                _ = try await client.message()
              }
            }
          }
        }
      }
    }
  }
#endif
