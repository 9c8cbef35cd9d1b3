// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Foundation
  import Glibc
  import Logging
  import ProxyDataPlane
  import ResiliencePolicies
  import RoutingDecisions
  import Testing

  /// Without descriptors the proxy cannot accept: it says so, waits, and goes on once it can.
  @Suite("Descriptor exhaustion", .timeLimit(.minutes(1)))
  struct DescriptorExhaustionTests {
    @Test(
      "A client that came while there were no descriptors is served later",
      arguments: TransportKind.available)
    func exhausted(_ transport: TransportKind) async {
      await #expect(processExitsWith: .success) { [name = transport.rawValue as String] in
        guard let transport = TransportKind(rawValue: name) else { exit(2) }
        try await EveryTransport.$current.withValue(transport) { try await Self.starve() }
      }
    }

    private static func starve() async throws {
      let warnings = Origin.Counter()
      let logger = Logger(label: "test") { _ in WarningCounter(warnings: warnings) }
      try await Origin.run(Origin.saying("ok")) { origin in
        try await RunningProxy.run(.all(to: origin.port), logger: logger) { proxy in
          let client = RawClient()
          let fillers = try exhaust()
          client.connect(proxy.port)
          while warnings.value == 0 { try await Loopback.pause(milliseconds: 5) }
          // It rests between two attempts instead of spinning.
          try await Loopback.pause(milliseconds: 250)
          guard warnings.value < 10 else { exit(3) }
          for filler in fillers { close(filler) }
          client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          while !client.receive().hasSuffix("ok") { try await Loopback.pause(milliseconds: 5) }
          client.end()
        }
      }
    }

    @Test(
      "A connection that there is no descriptor for is nobody's failure, and made once there is",
      arguments: TransportKind.available)
    func connecting(_ transport: TransportKind) async {
      await #expect(processExitsWith: .success) { [name = transport.rawValue as String] in
        guard let transport = TransportKind(rawValue: name) else { exit(2) }
        try await EveryTransport.$current.withValue(transport) { try await Self.ask() }
      }
    }

    private static func ask() async throws {
      let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
      try await Origin.run(Origin.saying("ok")) { origin in
        let configuration = try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") {
          $0.breaker = .rules(BreakerRules(trip: .consecutive(failures: 1), open: .seconds(60)))
        }
        try await RunningProxy.run(configuration) { proxy in
          let client = RawClient()
          client.connect(proxy.port)
          while proxy.server.counters.snapshot().clientsOpen == 0 {
            try await Loopback.pause(milliseconds: 5)
          }
          let fillers = try exhaust()
          client.send(request)
          while !client.receive().contains("out-of-resources") {
            try await Loopback.pause(milliseconds: 5)
          }
          for filler in fillers { close(filler) }
          guard client.receive().hasPrefix("HTTP/1.1 503 ") else { exit(3) }
          guard proxy.server.upstreams.snapshot()[0].breaker == "closed" else { exit(4) }
          client.send(request)
          while !client.receive().hasSuffix("ok") { try await Loopback.pause(milliseconds: 5) }
          client.end()
        }
      }
    }

    /// Takes every descriptor that is left below a limit just above those in use.
    private static func exhaust() throws -> [Int32] {
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        .compactMap { Int($0) }
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = rlim_t((open.max() ?? 0) + 8)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var fillers: [Int32] = []
      while true {
        let filler = dup(0)
        if filler < 0 { return fillers }
        fillers.append(filler)
      }
    }
  }

  /// A client that takes its descriptor before there are none.
  private final class RawClient {
    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    private var text = ""

    func connect(_ port: Int) {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }

    func send(_ request: String) {
      _ = request.withCString { Glibc.send(descriptor, $0, request.utf8.count, 0) }
    }

    /// Everything so far.
    func receive() -> String {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count > 0 { text += String(decoding: bytes[..<count], as: UTF8.self) }
      return text
    }

    func end() { close(descriptor) }
  }

  private struct WarningCounter: LogHandler {
    let warnings: Origin.Counter
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      if event.message == "proxy cannot accept" { warnings.add() }
    }
  }
#endif
