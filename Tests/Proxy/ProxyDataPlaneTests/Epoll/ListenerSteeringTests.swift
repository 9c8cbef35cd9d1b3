// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import RoutingDecisions
  import Testing

  @testable import ProxyDataPlane

  /// Which listener of a port the kernel gives connections to while some of them close.
  @Suite("Listeners that leave a port", .timeLimit(.minutes(1)))
  struct ListenerSteeringTests {
    private static let clients = 80

    private static func listen(_ count: Int, on name: SocketName?) throws -> [SystemSocket] {
      var name = try #require(
        name ?? SocketName.resolve(NetworkAddress(host: "127.0.0.1", port: 0)).first)
      var sockets: [SystemSocket] = []
      for _ in 0..<count {
        let socket = try SystemSocket.listening(on: name, joins: true).get()
        name = try #require(socket.localName)
        sockets.append(socket)
      }
      return sockets
    }

    /// How many of the clients that connect now each listener accepts.
    private static func accepted(by listeners: [SystemSocket], at name: SocketName) async throws
      -> [Int]
    {
      let connections = try (0..<clients).map { _ in try SystemSocket.connecting(to: name).get() }
      defer { for connection in connections { connection.close() } }
      var counts = listeners.map { _ in 0 }
      while counts.reduce(0, +) < clients {
        for (index, listener) in listeners.enumerated() {
          while case .socket(let socket, _) = listener.accept() {
            counts[index] += 1
            socket.close()
          }
        }
        try await letOthersRun()
      }
      return counts
    }

    @Test(
      "While older listeners close one by one, none of them is given a connection",
      arguments: [(2, 2), (3, 3), (2, 5)])
    func older(_ before: Int, _ after: Int) async throws {
      var old = try Self.listen(before, on: nil)
      let name = try #require(old[0].localName)
      let new = try Self.listen(after, on: name)
      defer { for socket in old + new { socket.close() } }
      #expect(ListenerSteering(new[0], own: after).begin())
      ListenerSteering(old[0], own: before).leave(asNewcomer: false)
      while !old.isEmpty {
        let counts = try await Self.accepted(by: old + new, at: name)
        #expect(counts[..<old.count].allSatisfy { $0 == 0 }, "\(old.count) old ones are left")
        old.removeFirst().close()
      }
      #expect(try await Self.accepted(by: new, at: name).reduce(0, +) == Self.clients)
    }

    @Test("A newcomer that leaves first leaves everything to the older ones")
    func newcomer() async throws {
      let old = try Self.listen(2, on: nil)
      let name = try #require(old[0].localName)
      var new = try Self.listen(2, on: name)
      defer { for socket in old + new { socket.close() } }
      let steering = ListenerSteering(new[0], own: 2)
      #expect(steering.begin())
      steering.leave(asNewcomer: true)
      while !new.isEmpty {
        let counts = try await Self.accepted(by: new + old, at: name)
        #expect(counts[..<new.count].allSatisfy { $0 == 0 })
        new.removeFirst().close()
      }
    }
  }
#endif
