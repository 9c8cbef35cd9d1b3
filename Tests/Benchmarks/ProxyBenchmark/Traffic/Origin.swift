// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The server behind every contender: two ports, one for each side of the split, one thread, and
/// the same bytes for every request.
///
/// It takes a read that ends with an empty line for one request, which holds because contenders
/// neither pipeline nor send bodies here.
final class Origin: Sendable {
  /// What the two sides were asked so far.
  struct Tally {
    var legacy: UInt64
    var extracted: UInt64
  }

  let legacyPort: UInt16
  let extractedPort: UInt16
  private let shared: Shared
  private let thread: BackgroundThread<Void>

  fileprivate final class Shared: Sendable {
    let bodyBytes = Atomic<Int>(0)
    let legacy = Atomic<UInt64>(0)
    let extracted = Atomic<UInt64>(0)
    let isStopped = Atomic<Bool>(false)
    let extractedIsDown = Atomic<Bool>(false)
  }

  init() throws {
    let shared = Shared()
    let listeners = try [LoopbackSocket.listen(), LoopbackSocket.listen()]
    legacyPort = LoopbackSocket.port(of: listeners[0])
    extractedPort = LoopbackSocket.port(of: listeners[1])
    self.shared = shared
    thread = BackgroundThread("origin") {
      try OriginLoop(listeners, shared).run()
    }
  }

  /// From the next request on, bodies have this size.
  func answer(bodyBytes: Int) { shared.bodyBytes.store(bodyBytes, ordering: .releasing) }

  /// Closes the extracted side with all its connections, or lets it listen again on its port.
  func setExtracted(isDown: Bool) { shared.extractedIsDown.store(isDown, ordering: .relaxed) }

  var tally: Tally {
    Tally(
      legacy: shared.legacy.load(ordering: .relaxed),
      extracted: shared.extracted.load(ordering: .relaxed))
  }

  var processorTime: UInt64 { thread.processorTime }

  func stop() throws {
    shared.isStopped.store(true, ordering: .relaxed)
    try thread.join()
  }
}

/// The origin's thread.
private final class OriginLoop {
  private struct Connection {
    let socket: Int32
    let isLegacy: Bool
    /// The last four bytes received.
    var tail: UInt32 = 0
    /// Bytes of the response that the socket did not take yet.
    var unsent = 0
  }

  private static let emptyLine: UInt32 = 0x0d0a_0d0a
  private static let scratchSize = 64 * 1024
  private static let mostConnections = 65_536

  private let shared: Origin.Shared
  private var listeners: [Int32]
  private let extractedPort: UInt16
  private var extractedIsDown = false
  private let poller: EventPoller
  private let scratch = UnsafeMutableRawBufferPointer.allocate(
    byteCount: scratchSize, alignment: 16)
  private var connections: [Connection?]
  private var free: [Int] = []
  private var response: [UInt8] = []
  private var responseBody = -1

  init(_ listeners: [Int32], _ shared: Origin.Shared) throws {
    self.listeners = listeners
    self.shared = shared
    extractedPort = LoopbackSocket.port(of: listeners[1])
    poller = try EventPoller()
    // The listeners have the first places, so that a source is always an index.
    connections = [nil, nil]
    for (index, listener) in listeners.enumerated() { try poller.add(listener, as: index) }
  }

  deinit {
    for connection in connections { if let connection { close(connection.socket) } }
    for listener in listeners { close(listener) }
    scratch.deallocate()
  }

  func run() throws {
    while !shared.isStopped.load(ordering: .relaxed) {
      try followOutage()
      try poller.wait(milliseconds: 10) { source in
        if source < listeners.count {
          try accept(source)
        } else {
          serve(source)
        }
      }
    }
  }

  private func followOutage() throws {
    let isDown = shared.extractedIsDown.load(ordering: .relaxed)
    if isDown == extractedIsDown { return }
    extractedIsDown = isDown
    if isDown {
      close(listeners[1])
      for (place, connection) in connections.enumerated() {
        guard let connection, !connection.isLegacy else { continue }
        close(connection.socket)
        connections[place] = nil
        free.append(place)
      }
    } else {
      listeners[1] = try LoopbackSocket.listen(port: extractedPort)
      try poller.add(listeners[1], as: 1)
    }
  }

  private func accept(_ listener: Int) throws {
    while let socket = try LoopbackSocket.accept(listeners[listener]) {
      let connection = Connection(socket: socket, isLegacy: listener == 0)
      let place = free.popLast() ?? connections.count
      if place == connections.count {
        if place == Self.mostConnections { throw BenchmarkError("origin: too many connections") }
        connections.append(connection)
      } else {
        connections[place] = connection
      }
      try poller.add(socket, as: place)
    }
  }

  private func serve(_ place: Int) {
    guard var connection = connections[place] else { return }
    var isOpen = connection.unsent == 0 || send(&connection)
    while isOpen {
      let count = recv(connection.socket, scratch.baseAddress, Self.scratchSize, 0)
      if count <= 0 {
        isOpen = count < 0 && (errno == EAGAIN || errno == EINTR)
        break
      }
      for byte in scratch[max(0, count - 4)..<count] {
        connection.tail = connection.tail << 8 | UInt32(byte)
      }
      if connection.tail == Self.emptyLine {
        connection.tail = 0
        isOpen = answer(&connection)
      }
      if count < Self.scratchSize { break }
    }
    if isOpen {
      connections[place] = connection
    } else {
      close(connection.socket)
      connections[place] = nil
      free.append(place)
    }
  }

  private func answer(_ connection: inout Connection) -> Bool {
    let side = connection.isLegacy
    if side {
      shared.legacy.wrappingAdd(1, ordering: .relaxed)
    } else {
      shared.extracted.wrappingAdd(1, ordering: .relaxed)
    }
    let size = shared.bodyBytes.load(ordering: .acquiring)
    if size != responseBody { makeResponse(size) }
    connection.unsent = response.count
    return send(&connection)
  }

  /// False when the connection is broken.
  private func send(_ connection: inout Connection) -> Bool {
    response.withUnsafeBytes { bytes in
      while connection.unsent > 0 {
        let start = bytes.count - connection.unsent
        let count = Glibc.send(
          connection.socket, bytes.baseAddress.map { $0 + start }, connection.unsent,
          Int32(MSG_NOSIGNAL))
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        connection.unsent -= count
      }
      return true
    }
  }

  private func makeResponse(_ size: Int) {
    let head = """
      HTTP/1.1 200 OK\r
      Server: origin\r
      Date: Mon, 05 Jan 2026 12:00:00 GMT\r
      Content-Type: application/json\r
      Cache-Control: no-store\r
      Content-Length: \(size)\r
      \r

      """
    var body = [UInt8](repeating: UInt8(ascii: "x"), count: size)
    // A text, for who reads it as the JSON that it is said to be.
    if size >= 2 {
      body[0] = UInt8(ascii: "\"")
      body[size - 1] = UInt8(ascii: "\"")
    }
    response = Array(head.utf8) + body
    responseBody = size
  }
}
