// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("TLS handshakes") struct HandshakeTests {
  let setting: Setting

  init() throws { setting = try Setting() }

  @Test(arguments: TLSVersion.allCases, TLSVersion.allCases)
  func `a version below the minimum is refused, any other spoken`(
    minimum: TLSVersion, offered: TLSVersion
  ) throws {
    var listener = try setting.listener("shop.example")
    listener.minimumVersion = minimum
    let pair = try setting.talked(
      setting.server(listener), setting.client(maximum: offered))
    if minimum == .v1_3, offered == .v1_2 {
      #expect(pair.server.failure == .protocolVersion)
      #expect(pair.client.failure == .protocolVersion)
    } else {
      #expect(pair.server.engine.phase == .open)
      #expect(pair.client.engine.phase == .open)
      #expect(pair.server.engine.version == offered)
      #expect(pair.client.engine.version == offered)
    }
  }

  @Test(arguments: TLSVersion.allCases)
  func `a handshake that arrives byte by byte is one like any other`(version: TLSVersion) throws {
    let pair = try EnginePair(
      setting.server(setting.listener("shop.example")), setting.client(maximum: version),
      host: "shop.example")
    pair.exchange(step: 1)
    #expect(pair.server.engine.phase == .open)
    #expect(pair.client.send(Array("hello".utf8)))
    #expect(pair.server.send(Array("welcome".utf8)))
    pair.exchange(step: 1)
    #expect(pair.server.received == Array("hello".utf8))
    #expect(pair.client.received == Array("welcome".utf8))
  }

  @Test(arguments: [
    ("shop.example", "shop.example"), ("SHOP.example", "shop.example"),
    ("a.shop.example", "*.shop.example"), ("orders.shop.example", "orders.shop.example"),
  ]) func `the certificate is the one for the name`(asked: String, expected: String) throws {
    let server = try setting.server(
      setting.listener("shop.example", "*.shop.example", "orders.shop.example"))
    let pair = try setting.talked(server, setting.client(), host: asked)
    // Verification of the name at the client is what tells.
    #expect(pair.client.engine.phase == .open)
    #expect(pair.server.engine.serverName == asked)
  }

  @Test func `a name that no certificate is for gets the first`() throws {
    let server = try setting.server(setting.listener("shop.example", "orders.example"))
    let client = try setting.client(
      UpstreamTLS(ca: setting.authority.file, verify: false))
    let pair = try setting.talked(server, client, host: "a.b.orders.example")
    #expect(pair.client.engine.phase == .open)
    let strict = try setting.talked(server, setting.client(), host: "a.b.orders.example")
    #expect(strict.client.failure == .certificateName)
  }

  @Test func `names in the settings count before those in the certificate`() throws {
    var listener = try setting.listener("first.example", "shop.example")
    listener.certificates[1].names = ["other.example"]
    let server = try setting.server(listener)
    #expect(
      try setting.talked(server, setting.client()).client.failure == .certificateName)
  }

  @Test func `the server's favourite among what the client speaks is agreed on`() throws {
    let server = try setting.server(setting.listener("shop.example"))
    let both = try setting.talked(server, setting.client(protocols: [.http1, .http2]))
    #expect(both.server.engine.applicationProtocol == .http2)
    #expect(both.client.engine.applicationProtocol == .http2)
    let one = try setting.talked(server, setting.client(protocols: [.http1]))
    #expect(one.server.engine.applicationProtocol == .http1)
  }

  @Test func `a client that speaks nothing of ours is refused`() throws {
    let server = try setting.server(setting.listener("shop.example"), protocols: [.http1])
    let pair = try setting.talked(server, setting.client(protocols: [.http2]))
    #expect(pair.server.failure == .noCommonProtocol)
    #expect(pair.client.failure == .noCommonProtocol)
  }

  @Test func `a suite that only one side allows is refused`() throws {
    var listener = try setting.listener("shop.example")
    listener.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"
    let pair = try setting.talked(setting.server(listener), setting.client(maximum: .v1_2))
    #expect(pair.server.failure == .noCommonCipher)
  }

  @Test func `the suite asked for is used`() throws {
    var listener = try setting.listener("shop.example")
    listener.cipherSuites = "TLS_CHACHA20_POLY1305_SHA256"
    let pair = try setting.talked(setting.server(listener), setting.client())
    #expect(pair.server.engine.cipher == "TLS_CHACHA20_POLY1305_SHA256")
  }
}
