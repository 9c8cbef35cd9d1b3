// SPDX-License-Identifier: Apache-2.0

import Foundation
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS resumption") struct ResumptionTests {
  let setting: Setting

  init() throws { setting = try Setting() }

  /// Whether each of some handshakes was resumed; the clock moves between them.
  private func handshakes(
    _ version: TLSVersion, pausing seconds: [Int64], server: () throws -> TLSServerContext
  ) throws -> [Bool] {
    let client = try setting.client(maximum: version)
    return try ([0] + seconds).map { pause in
      setting.clock.advance(seconds: pause)
      let pair = try setting.talked(server(), client)
      #expect(pair.server.engine.phase == .open)
      #expect(pair.server.engine.isResumed == pair.client.engine.isResumed)
      return pair.server.engine.isResumed
    }
  }

  @Test(arguments: TLSVersion.allCases)
  func `a client that comes back resumes`(version: TLSVersion) throws {
    let server = try setting.server(setting.listener("shop.example"))
    #expect(try handshakes(version, pausing: [0, 0]) { server } == [false, true, true])
  }

  @Test(arguments: TLSVersion.allCases)
  func `a ticket outlives one change of keys`(version: TLSVersion) throws {
    let server = try setting.server(setting.listener("shop.example"))
    #expect(try handshakes(version, pausing: [100]) { server } == [false, true])
  }

  @Test func `each resumption brings a ticket of the key at hand`() throws {
    let server = try setting.server(setting.listener("shop.example"))
    #expect(
      try handshakes(.v1_3, pausing: [100, 100, 100]) { server } == [false, true, true, true])
  }

  @Test(arguments: TLSVersion.allCases)
  func `a ticket of a key that is gone means a whole handshake`(version: TLSVersion) throws {
    let server = try setting.server(setting.listener("shop.example"))
    #expect(try handshakes(version, pausing: [200]) { server } == [false, false])
  }

  @Test func `tickets outlive a reload of the certificates`() throws {
    let listener = try setting.listener("shop.example")
    #expect(
      try handshakes(.v1_3, pausing: [0]) { try setting.server(listener) } == [false, true])
  }

  @Test func `a session under other client authorities does not count`() throws {
    var listener = try setting.listener("shop.example")
    let shown = try setting.authority.issue("client", for: [])
    let client = try setting.client(
      UpstreamTLS(ca: setting.authority.file, certificate: shown.certificate, key: shown.key))
    let open = try setting.talked(setting.server(listener), client)
    #expect(open.server.engine.phase == .open)
    listener.clientCA = setting.authority.file
    let strict = try setting.talked(setting.server(listener), client)
    #expect(strict.server.engine.phase == .open)
    #expect(!strict.server.engine.isResumed)
  }

  @Test(arguments: TLSVersion.allCases)
  func `a session ends with the certificate that the client showed`(version: TLSVersion) throws {
    var listener = try setting.listener("shop.example")
    listener.clientCA = setting.authority.file
    let shown = try setting.authority.issue("client", for: [], seconds: (-3600, 3600))
    let client = try setting.client(
      UpstreamTLS(ca: setting.authority.file, certificate: shown.certificate, key: shown.key),
      maximum: version)
    var resumed: [Bool] = []
    // Long ago the certificate counts as valid still; in ten years it has expired.
    for years in [-10, -10, 10] {
      let time = Int(Date.now.timeIntervalSince1970) + years * 365 * 86_400
      let server = try TLSServerContext(
        listener, protocols: [.http1], tickets: setting.tickets, ticketTime: { time })
      let pair = try setting.talked(server, client)
      #expect(pair.server.engine.phase == .open)
      resumed.append(pair.server.engine.isResumed)
    }
    #expect(resumed == [false, true, false])
  }
}
