// SPDX-License-Identifier: Apache-2.0
import Glibc
import TLSEngine

/// One client's connection to a contender: its socket, TLS over it, and what is said on it.
final class ClientConnection {
  private static let patience: Int32 = 10_000

  let socket: Int32
  private let workspace: ClientWorkspace
  private let tls: TLSEngine?
  private let codec: any ClientCodec
  /// Bytes that the socket did not take yet.
  private var unsent: [UInt8] = []

  /// Connects and waits until requests can be sent.
  init(port: UInt16, number: Int, _ workspace: ClientWorkspace) throws {
    self.workspace = workspace
    codec =
      workspace.client.isHTTP2
      ? try HTTP2Client(number: number, isSecure: workspace.client.isTLS)
      : HTTP1Client(number: number)
    socket = try LoopbackSocket.connect(port: port)
    tls = try workspace.engine()
    try shakeHands()
  }

  deinit { close(socket) }

  func ask(due: Instant) throws { try codec.ask(due: due) }

  /// Sends what there is, as far as the socket takes it.
  func flush() throws {
    if !unsent.isEmpty {
      let waiting = unsent
      unsent = []
      try waiting.withUnsafeBytes(transmit)
    }
    try codec.withOutput { bytes in
      guard let tls else { return try transmit(bytes) }
      if !tls.send(bytes) { throw BenchmarkError("a contender ended TLS") }
      try workspace.withOutgoing(transmit)
    }
  }

  /// Takes what has come; calls `answered` with the time at which each answered request was due.
  func receive(_ answered: (Instant) -> Void) throws {
    while true {
      let count = recv(socket, workspace.wire.baseAddress, workspace.wire.count, 0)
      if count == 0 { throw BenchmarkError("a contender closed a connection") }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        throw BenchmarkError(call: "recv of a response")
      }
      try take(UnsafeRawBufferPointer(rebasing: workspace.wire[..<count]))
      if !codec.answered.isEmpty {
        codec.answered.forEach(answered)
        codec.answered.removeAll(keepingCapacity: true)
      }
      if count < workspace.wire.count { return }
    }
  }

  /// Waits for the answer to the one request under way.
  func awaitAnswer() throws {
    var isAnswered = false
    while !isAnswered {
      try flush()
      try waitForBytes()
      try receive { _ in isAnswered = true }
    }
    try flush()
  }

  private func shakeHands() throws {
    guard let tls else { return }
    try workspace.withOutgoing(transmit)
    while tls.phase == .handshaking {
      try waitForBytes()
      try receive { _ in }
    }
    try workspace.check(tls)
  }

  private func take(_ bytes: UnsafeRawBufferPointer) throws {
    guard let tls else { return try codec.receive(bytes) }
    let opened = tls.receive(bytes, into: workspace.plaintext)
    try workspace.withOutgoing(transmit)
    guard tls.phase == .open || tls.phase == .handshaking else {
      throw BenchmarkError("a contender ended TLS: \(tls.phase)")
    }
    if opened > 0 {
      try codec.receive(UnsafeRawBufferPointer(rebasing: workspace.plaintext[..<opened]))
    }
  }

  private func transmit(_ bytes: UnsafeRawBufferPointer) throws {
    if !unsent.isEmpty { return unsent.append(contentsOf: bytes) }
    var count = send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    if count < 0 {
      guard errno == EAGAIN || errno == EINTR else { throw BenchmarkError(call: "send") }
      count = 0
    }
    unsent.append(contentsOf: bytes[count...])
  }

  private func waitForBytes() throws {
    var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    if poll(&waited, 1, Self.patience) != 1 { throw BenchmarkError("a client got no answer") }
  }
}
