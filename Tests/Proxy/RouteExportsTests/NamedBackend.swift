// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server that says its name in every answer, switches to WebSocket when asked, and then sends
/// back what it gets.
final class NamedBackend: Sendable {
  /// The example of RFC 6455, section 1.3.
  static let sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  let port: Int
  private let listener: LoopbackSocket
  private let clients = Mutex<[LoopbackSocket]>([])
  private let lastHead = Mutex("")

  init(_ name: String) throws {
    (listener, port) = try LoopbackSocket.listening()
    let listener = self.listener
    Thread { [weak self] in
      while let client = listener.nextClient() {
        guard let self else { return }
        clients.withLock { $0.append(client) }
        Thread { [weak self] in
          try? Self.serve(client, name) { head in self?.lastHead.withLock { $0 = head } }
          client.shutDown()
        }.start()
      }
    }.start()
  }

  /// The head of the newest request.
  var received: String { lastHead.withLock { $0 } }

  func end() {
    listener.shutDown()
    clients.withLock { clients in
      for client in clients { client.shutDown() }
    }
  }

  private static func serve(
    _ client: LoopbackSocket, _ name: String, _ note: (String) -> Void
  ) throws {
    var reader = HeadReader(client)
    while let head = try reader.next() {
      note(head)
      if head.field("upgrade")?.lowercased() == "websocket" {
        try client.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: \(sampleAccept)\r\nX-Upstream: \(name)\r\n\r\n")
        while case let bytes = try client.read(), !bytes.isEmpty {
          try client.write(String(decoding: bytes, as: UTF8.self))
        }
        return
      }
      if let length = head.field("content-length").flatMap(Int.init) {
        _ = try reader.body(length)
      }
      try client.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Upstream: \(name)\r\n\r\n")
    }
  }
}
