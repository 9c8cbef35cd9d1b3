// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Clients that sent one request each, one after the other, and keep their connections open.
final class IdleCrowd {
  private var sockets: [Int32] = []
  private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

  init(port: UInt16, clients: Int) throws {
    do {
      for client in 0..<clients {
        sockets.append(try LoopbackSocket.connect(port: port))
        try ask(client)
      }
    } catch {
      leave()
      throw error
    }
  }

  /// Every client sends another request, so that one whose connection was closed is found.
  func askAgain() throws {
    for client in sockets.indices { try ask(client) }
  }

  func leave() {
    for socket in sockets { close(socket) }
    sockets = []
  }

  private func ask(_ client: Int) throws {
    let socket = sockets[client]
    let request = LoadPlan.request(client: client)
    let sent = send(socket, request, request.count, Int32(MSG_NOSIGNAL))
    if sent != request.count { throw BenchmarkError(call: "send of a request") }
    var reader = ResponseReader()
    var answered = 0
    while answered == 0 {
      var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      if poll(&waited, 1, 10_000) != 1 { throw BenchmarkError("an idle client got no answer") }
      let count = recv(socket, &buffer, buffer.count, 0)
      if count <= 0 { throw BenchmarkError("an idle client's connection was closed") }
      answered = try buffer.withUnsafeBytes {
        try reader.read(UnsafeRawBufferPointer(rebasing: $0[..<count]))
      }
    }
  }
}
