// SPDX-License-Identifier: Apache-2.0

/// Clients that sent one request each, one after the other, and keep their connections open.
final class IdleCrowd {
  private var clients: [ClientConnection] = []

  init(port: UInt16, client: ClientProtocol, count: Int) throws {
    let workspace = try ClientWorkspace(client)
    for number in 0..<count {
      clients.append(try ClientConnection(port: port, number: number, workspace))
      try ask(number)
    }
  }

  /// Every client sends another request, so that one whose connection was closed is found.
  func askAgain() throws {
    for client in clients.indices { try ask(client) }
  }

  func leave() { clients = [] }

  private func ask(_ client: Int) throws {
    try clients[client].ask(due: .now)
    try clients[client].awaitAnswer()
  }
}
