// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

@Suite("TLS settings") struct TLSSettingTests {
  private static let routes = "routes:\n\(MistakenFile.rest)\n"

  @Test func `every setting is read`() throws {
    let text = """
      proxy:
        tls:
          certificates:
            - { certificate: shop.pem, key: shop.key, names: [shop.example, "*.shop.example"] }
            - { certificate: other.pem, key: other.key }
          minimum-version: 1.3
          cipher-suites: TLS_AES_128_GCM_SHA256
          client-ca: clients.pem
          ticket-key-rotation: 2h
      upstreams:
        legacy:
          endpoints: [10.0.0.2:443]
          tls: { server-name: legacy.internal, ca: ca.pem, certificate: own.pem, key: own.key,
                 verify: true, minimum-version: 1.2 }
      \(Self.routes)
      """
    let decoded = ConfigurationFile.decode(text, file: "s.yaml")
    #expect(decoded.diagnostics == [])
    let configuration = try #require(decoded.configuration)
    #expect(
      configuration.tls
        == ListenerTLS(
          certificates: [
            .init(
              certificate: "shop.pem", key: "shop.key", names: ["shop.example", "*.shop.example"]),
            .init(certificate: "other.pem", key: "other.key"),
          ], minimumVersion: .v1_3, cipherSuites: "TLS_AES_128_GCM_SHA256",
          clientCA: "clients.pem", ticketKeyRotation: .seconds(7200)))
    #expect(
      configuration.upstreams[0].tls
        == UpstreamTLS(
          serverName: "legacy.internal", ca: "ca.pem", certificate: "own.pem", key: "own.key"))
  }

  @Test func `an upstream's settings may be left to their defaults`() throws {
    let text = "upstreams:\n  legacy: { endpoints: [h:443], tls: true }\n\(Self.routes)"
    let decoded = ConfigurationFile.decode(text, file: "s.yaml")
    #expect(decoded.diagnostics == [])
    #expect(try #require(decoded.configuration).upstreams[0].tls == UpstreamTLS())
    #expect(UpstreamTLS().verify)
    #expect(UpstreamTLS().minimumVersion == .v1_2)
  }

  @Test func `health checks may have a path whatever is spoken`() {
    let text =
      "upstreams:\n  legacy: { endpoints: [h:443], protocol: h2, tls: true, "
      + "health-check: { path: /up } }\n\(Self.routes)"
    #expect(MistakenFile.diagnostics(text) == [])
  }

  /// Who reads the files finds out more, and has keys only.
  @Test func `what is found out later gets the place of its key`() throws {
    let text =
      "proxy: { tls: { certificates: [ { certificate: c, key: k } ] } }\n"
      + "upstreams:\n  legacy: { endpoints: [h:443], tls: true }\n\(Self.routes)"
    let decoded = ConfigurationFile.decode(text, file: "s.yaml")
    let found = decoded.adding([
      Diagnostic(.warning, key: "upstreams.legacy.tls.ca", message: "two"),
      Diagnostic(.warning, key: "proxy.tls.certificates[0].key", message: "one"),
    ])
    #expect(
      found.diagnostics.map(\.description) == [
        "s.yaml:1:56: warning: proxy.tls.certificates[0].key: one",
        "s.yaml:3:38: warning: upstreams.legacy.tls.ca: two",
      ])
    #expect(found.configuration == decoded.configuration)
    let failed = found.adding([Diagnostic(.error, key: "", message: "three")])
    #expect(failed.diagnostics.count == 3 && failed.configuration == nil)
  }

  @Test(arguments: [
    (
      "proxy: { tls: {} }",
      "1:15: error: proxy.tls.certificates: missing; expected a list of { certificate: file, key: "
        + "file }"
    ),
    (
      "proxy: { tls: { certificates: [] } }",
      "1:31: error: proxy.tls.certificates: expected at least one certificate"
    ),
    (
      "proxy: { tls: { certificates: [ { certificate: c.pem } ] } }",
      "1:33: error: proxy.tls.certificates[0].key: missing; expected a text that is not empty"
    ),
    (
      "proxy: { tls: { certificates: [ { certificate: c, key: k } ], minimum-version: 1.1 } }",
      "1:80: error: proxy.tls.minimum-version: expected one of 1.2, 1.3, found \"1.1\""
    ),
    (
      "proxy: { tls: { certificates: [ { certificate: c, key: k } ], ticket-key-rotation: 5s } }",
      "1:84: error: proxy.tls.ticket-key-rotation: expected 1m to 168h"
    ),
    (
      "proxy: { tls: { certificates: [ { certificate: c, key: k, names: [\"a b\"] } ] } }",
      "1:67: error: proxy.tls.certificates[0].names[0]: expected a host name, such as shop.example "
        + "or \"*.shop.example\", found \"a b\""
    ),
    (
      "proxy: { tls: { certificates: [ { certificate: c, key: k, names: [a, A] } ] } }",
      "1:66: warning: proxy.tls.certificates[0].names: \"A\" stands with a certificate before this "
        + "one, which is the one shown"
    ),
  ])
  func `mistakes of the listener`(line: String, expected: String) {
    #expect(MistakenFile.settings(line) == ["s.yaml:\(expected)"])
  }

  @Test(arguments: [
    (
      "endpoints: [h:1], tls: { verify: false }",
      "2:46: warning: upstreams.legacy.tls.verify: the server's certificate is not looked at: "
        + "anybody in between can read and change everything; name the authority of the "
        + "certificate with ca instead"
    ),
    (
      "endpoints: [h:1], tls: { certificate: c.pem }",
      "2:51: error: upstreams.legacy.tls.certificate: there is no \"key\" that belongs to it"
    ),
    (
      "module: m, tls: true",
      "2:29: error: upstreams.legacy.tls: a module runs in this process: nothing is sent that could "
        + "be sealed"
    ),
    (
      "endpoints: [h:1], tls: false",
      "2:36: error: upstreams.legacy.tls: expected true, or { server-name, ca, certificate, key, "
        + "verify, minimum-version }, found \"false\""
    ),
  ])
  func `mistakes of an upstream`(value: String, expected: String) {
    let text = "upstreams:\n  legacy: { \(value) }\n\(Self.routes)"
    #expect(MistakenFile.diagnostics(text) == ["s.yaml:\(expected)"])
  }
}
