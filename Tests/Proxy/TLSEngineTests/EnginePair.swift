// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

/// Two engines and nothing between them but bytes.
final class EnginePair {
  /// One end: an engine with a thread's workspace of its own.
  final class End {
    let engine: TLSEngine
    let workspace: TLSWorkspace
    /// On the way to the other end.
    var wire: [UInt8] = []
    /// Opened here.
    var received: [UInt8] = []

    init(_ engine: TLSEngine, _ workspace: TLSWorkspace) {
      self.engine = engine
      self.workspace = workspace
      collect()
    }

    func collect() {
      wire += Array(workspace.outgoing)
      workspace.clearOutgoing()
    }

    func take(_ bytes: ArraySlice<UInt8>) {
      let room = UnsafeMutableRawBufferPointer.allocate(
        byteCount: bytes.count + TLSEngine.mostHeldBack, alignment: 16)
      defer { room.deallocate() }
      let count = bytes.withUnsafeBytes { engine.receive($0, into: room) }
      received += Array(room[..<count])
      collect()
    }

    func send(_ bytes: [UInt8]) -> Bool {
      let isSealed = bytes.withUnsafeBytes { engine.send($0) }
      collect()
      return isSealed
    }

    func finish() {
      engine.finish()
      collect()
    }

    var failure: TLSFailure.Reason? {
      if case .failed(let failure) = engine.phase { return failure.reason }
      return nil
    }
  }

  let client: End
  let server: End

  init(_ server: TLSServerContext, _ client: TLSClientContext, host: String) throws {
    let workspaces = (TLSWorkspace(), TLSWorkspace())
    self.server = End(try #require(TLSEngine(server, workspaces.0)), workspaces.0)
    self.client = End(
      try #require(TLSEngine(client, host: host, workspaces.1)), workspaces.1)
  }

  /// Carries bytes to and fro, `step` at a time, until both ends are silent.
  func exchange(step: Int = .max) {
    while !client.wire.isEmpty || !server.wire.isEmpty {
      Self.carry(from: client, to: server, step)
      Self.carry(from: server, to: client, step)
    }
  }

  private static func carry(from source: End, to target: End, _ step: Int) {
    let bytes = source.wire
    source.wire = []
    var rest = bytes[...]
    while !rest.isEmpty {
      target.take(rest.prefix(step))
      rest = rest.dropFirst(step)
    }
  }
}

/// Contexts for the pairs of one test.
struct Setting {
  let authority: TestAuthority
  let tickets: TicketKeyRing
  let clock: ManualClock

  init() throws {
    authority = try TestAuthority()
    let clock = ManualClock()
    self.clock = clock
    tickets = try #require(TicketKeyRing(period: 100) { clock.seconds })
  }

  func listener(_ names: String..., seconds: (from: Int, to: Int) = (-3600, 3600)) throws
    -> ListenerTLS
  {
    try ListenerTLS(
      certificates: names.map { name in
        let files = try authority.issue(
          name.replacing("*", with: "any").replacing(":", with: "-"), for: [name], seconds: seconds)
        return .init(certificate: files.certificate, key: files.key)
      })
  }

  func server(
    _ settings: ListenerTLS, protocols: [TLSEngine.ApplicationProtocol] = [.http2, .http1]
  ) throws -> TLSServerContext {
    try TLSServerContext(settings, protocols: protocols, tickets: tickets)
  }

  /// Trusts the authority.
  func client(
    _ settings: UpstreamTLS? = nil, protocols: [TLSEngine.ApplicationProtocol] = [.http1],
    maximum: TLSVersion = .v1_3
  ) throws -> TLSClientContext {
    try TLSClientContext(
      settings ?? UpstreamTLS(ca: authority.file), protocols: protocols, key: "upstreams.x.tls",
      maximum: maximum)
  }

  /// A pair whose ends have talked until they were silent.
  func talked(
    _ server: TLSServerContext, _ client: TLSClientContext, host: String = "shop.example"
  ) throws -> EnginePair {
    let pair = try EnginePair(server, client, host: host)
    pair.exchange()
    return pair
  }
}
