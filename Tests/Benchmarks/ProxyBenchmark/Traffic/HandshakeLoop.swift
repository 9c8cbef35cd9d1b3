// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TLSEngine

/// The load's thread when it does nothing but connect, shake hands and leave.
///
/// A client leaves as soon as the handshake is done on its side, and the time counts once the
/// contender closed the connection too: then it has done its part of everything.
final class HandshakeLoop {
  private struct Client {
    var socket: Int32 = -1
    var tls: TLSEngine?
    var hasLeft = false
  }

  /// Handshakes under way at a time.
  private static let parallel = 16
  /// Longest time without any handshake before a run fails.
  private static let patience = 30.0
  /// How long the first client of all stays, so that the contender's tickets reach it.
  private static let settling = 0.1

  private let plan: LoadPlan
  private let progress: LoadProgress
  private let resumed: Bool
  private let poller: EventPoller
  private let workspace: ClientWorkspace
  private var clients = [Client](repeating: Client(), count: parallel)
  private var underWay = 0
  private var lastEnd = Instant.now

  init(_ plan: LoadPlan, _ progress: LoadProgress, resumed: Bool) throws {
    self.plan = plan
    self.progress = progress
    self.resumed = resumed
    poller = try EventPoller()
    workspace = try ClientWorkspace(plan.client)
  }

  deinit { for client in clients where client.socket >= 0 { close(client.socket) } }

  func run() throws -> LoadOutcome {
    if resumed { try becomeKnown() }
    for place in clients.indices { try begin(place) }
    while underWay > 0 {
      try poller.wait(milliseconds: 100) { try receive($0) }
      if Instant.now - lastEnd > Self.patience {
        throw BenchmarkError("no handshake for \(Int(Self.patience)) seconds")
      }
    }
    return LoadOutcome(answered: progress.answered.load(ordering: .relaxed))
  }

  /// One client that waits for what a session can be resumed with.
  private func becomeKnown() throws {
    let socket = try LoopbackSocket.connect(port: plan.port)
    defer { close(socket) }
    guard let tls = try workspace.engine(isKnown: true) else { return }
    while true {
      try workspace.withOutgoing { try send($0, to: socket) }
      let patience = tls.phase == .handshaking ? Self.patience : Self.settling
      var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      if poll(&waited, 1, Int32(patience * 1000)) != 1 { break }
      let count = recv(socket, workspace.wire.baseAddress, workspace.wire.count, 0)
      if count <= 0 { throw BenchmarkError("a contender closed during a handshake") }
      receive(count, tls)
    }
    try workspace.check(tls)
  }

  private func begin(_ place: Int) throws {
    if progress.isStopped.load(ordering: .relaxed) { return }
    let socket = try LoopbackSocket.connect(port: plan.port)
    clients[place] = Client(socket: socket, tls: try workspace.engine(isKnown: resumed))
    underWay += 1
    try workspace.withOutgoing { try send($0, to: socket) }
    try poller.add(socket, as: place)
  }

  private func receive(_ place: Int) throws {
    let socket = clients[place].socket
    guard socket >= 0, let tls = clients[place].tls else { return }
    while true {
      let count = recv(socket, workspace.wire.baseAddress, workspace.wire.count, 0)
      if count < 0, errno == EAGAIN || errno == EINTR { return }
      if count <= 0 { return try ended(place) }
      receive(count, tls)
      try workspace.withOutgoing { try send($0, to: socket) }
      if tls.phase != .handshaking, !clients[place].hasLeft { try leave(place, tls) }
    }
  }

  /// Nothing but the handshake is said, so what it opens to is not looked at.
  private func receive(_ count: Int, _ tls: TLSEngine) {
    _ = tls.receive(
      UnsafeRawBufferPointer(rebasing: workspace.wire[..<count]), into: workspace.plaintext)
  }

  private func leave(_ place: Int, _ tls: TLSEngine) throws {
    try workspace.check(tls)
    if tls.isResumed != resumed {
      throw BenchmarkError("a handshake was \(tls.isResumed ? "" : "not ")resumed")
    }
    clients[place].hasLeft = true
    tls.finish()
    try workspace.withOutgoing { try send($0, to: clients[place].socket) }
    shutdown(clients[place].socket, Int32(SHUT_WR))
  }

  private func ended(_ place: Int) throws {
    if !clients[place].hasLeft { throw BenchmarkError("a contender closed during a handshake") }
    close(clients[place].socket)
    clients[place] = Client()
    underWay -= 1
    lastEnd = .now
    progress.answered.wrappingAdd(1, ordering: .relaxed)
    try begin(place)
  }

  /// A handshake is short enough for any socket's buffer.
  private func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32) throws {
    let count = Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    // The contender may have closed already; the end of the connection tells.
    if count < 0, errno == EPIPE || errno == ECONNRESET { return }
    if count != bytes.count { throw BenchmarkError(call: "send of a handshake") }
  }
}
