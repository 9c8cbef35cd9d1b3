// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS verification") struct VerificationTests {
  let setting: Setting

  init() throws { setting = try Setting() }

  @Test func `a certificate for another name is refused before anything is sent`() throws {
    let server = try setting.server(setting.listener("other.example"))
    let pair = try setting.talked(server, setting.client())
    #expect(pair.client.failure == .certificateName)
    #expect(!pair.client.send([1]))
    #expect(pair.server.failure == .peerAlert)
  }

  @Test func `a certificate of an unknown authority is refused`() throws {
    let stranger = try TestAuthority(name: "stranger")
    let server = try setting.server(setting.listener("shop.example"))
    let pair = try setting.talked(server, setting.client(UpstreamTLS(ca: stranger.file)))
    #expect(pair.client.failure == .certificateUntrusted)
  }

  @Test(arguments: [(-7200, -3600), (3600, 7200)])
  func `a certificate outside its time is refused`(from: Int, to: Int) throws {
    let server = try setting.server(setting.listener("shop.example", seconds: (from, to)))
    #expect(try setting.talked(server, setting.client()).client.failure == .certificateExpired)
  }

  @Test func `verification that is off takes any certificate`() throws {
    let server = try setting.server(setting.listener("other.example", seconds: (-7200, -3600)))
    let pair = try setting.talked(server, setting.client(UpstreamTLS(verify: false)))
    #expect(pair.client.engine.phase == .open)
  }

  @Test func `an address is verified as an address`() throws {
    let server = try setting.server(setting.listener("IP:127.0.0.1"))
    let client = try setting.client()
    let pair = try setting.talked(server, client, host: "127.0.0.1")
    #expect(pair.client.engine.phase == .open)
    // RFC 6066 allows names only.
    #expect(pair.server.engine.serverName == nil)
    #expect(
      try setting.talked(server, client, host: "127.0.0.2").client.failure == .certificateName)
  }

  @Test func `the server's name of the settings replaces the host`() throws {
    let server = try setting.server(setting.listener("shop.example"))
    let client = try setting.client(
      UpstreamTLS(serverName: "shop.example", ca: setting.authority.file))
    let pair = try setting.talked(server, client, host: "10.0.0.1")
    #expect(pair.client.engine.phase == .open)
    #expect(pair.server.engine.serverName == "shop.example")
  }

  @Test(arguments: TLSVersion.allCases)
  func `a client without the certificate asked for is refused`(version: TLSVersion) throws {
    var listener = try setting.listener("shop.example")
    listener.clientCA = setting.authority.file
    let pair = try setting.talked(setting.server(listener), setting.client(maximum: version))
    #expect(pair.server.failure == .certificateMissing)
  }

  @Test(arguments: TLSVersion.allCases)
  func `a client's certificate counts when its authority is trusted`(version: TLSVersion) throws {
    let clients = try TestAuthority(name: "clients")
    var listener = try setting.listener("shop.example")
    listener.clientCA = clients.file
    let server = try setting.server(listener)
    for (authority, failure) in [(clients, nil), (setting.authority, .certificateUntrusted)]
      as [(TestAuthority, TLSFailure.Reason?)]
    {
      let shown = try authority.issue("client", for: [])
      let client = try setting.client(
        UpstreamTLS(
          ca: setting.authority.file, certificate: shown.certificate, key: shown.key),
        maximum: version)
      let pair = try setting.talked(server, client)
      #expect(pair.server.failure == failure)
      #expect((pair.server.engine.phase == .open) == (failure == nil))
    }
  }
}
