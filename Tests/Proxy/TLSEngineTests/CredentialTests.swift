// SPDX-License-Identifier: Apache-2.0

import Foundation
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

/// What is said about files that cannot be used.
@Suite("TLS credentials") struct CredentialTests {
  let setting: Setting

  init() throws { setting = try Setting() }

  private func findings(_ settings: ListenerTLS) -> [String] {
    do throws(InvalidConfiguration) {
      _ = try TLSServerContext(
        settings, protocols: [.http1], tickets: setting.tickets)
      return []
    } catch {
      return error.diagnostics.map(\.description)
    }
  }

  @Test func `every file that is missing is named`() throws {
    let path = setting.authority.path("nowhere.pem")
    let settings = ListenerTLS(
      certificates: [.init(certificate: path, key: path), .init(certificate: path, key: path)],
      clientCA: path)
    let reason = "\(path) cannot be read: No such file or directory"
    #expect(
      findings(settings) == [
        "error: proxy.tls.certificates[0].certificate: \(reason)",
        "error: proxy.tls.certificates[1].certificate: \(reason)",
        "error: proxy.tls.client-ca: \(reason)",
      ])
  }

  @Test func `a folder is no file`() throws {
    let folder = setting.authority.path("")
    let settings = ListenerTLS(certificates: [.init(certificate: folder, key: folder)])
    #expect(findings(settings).first?.contains("is it a folder?") == true)
  }

  @Test func `a key of another certificate is told from its own`() throws {
    var settings = try setting.listener("shop.example", "orders.example")
    settings.certificates[0].key = settings.certificates[1].key
    let certificate = settings.certificates[0].certificate
    #expect(
      findings(settings) == [
        "error: proxy.tls.certificates[0].key: \(settings.certificates[1].key) is not the key of "
          + "the certificate in \(certificate)"
      ])
  }

  @Test func `files of the wrong content say what was expected`() throws {
    var settings = try setting.listener("shop.example")
    let files = settings.certificates[0]
    settings.certificates[0].key = files.certificate
    #expect(
      findings(settings) == [
        "error: proxy.tls.certificates[0].key: \(files.certificate) holds no private key; expected "
          + "PEM text with BEGIN PRIVATE KEY"
      ])
    settings.certificates[0] = .init(certificate: files.key, key: files.key)
    #expect(
      findings(settings) == [
        "error: proxy.tls.certificates[0].certificate: \(files.key) holds no certificate; expected "
          + "PEM text with BEGIN CERTIFICATE"
      ])
  }

  @Test func `an encrypted key is not asked a password for`() throws {
    var settings = try setting.listener("shop.example")
    settings.certificates[0].key = try setting.authority.write(
      """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjLEbhdi+LXmQICCAAw
      -----END ENCRYPTED PRIVATE KEY-----
      """, to: "encrypted.key")
    #expect(findings(settings).first?.contains("is encrypted") == true)
  }

  @Test func `lists of suites are checked`() throws {
    var settings = try setting.listener("shop.example")
    settings.ciphers = "NO-SUCH-SUITE"
    #expect(findings(settings).first?.hasPrefix("error: proxy.tls.ciphers: ") == true)
    settings.ciphers = nil
    settings.cipherSuites = "TLS_NOTHING"
    #expect(findings(settings).first?.hasPrefix("error: proxy.tls.cipher-suites: ") == true)
  }

  @Test func `a certificate outside its time is a warning`() throws {
    let now = Int(Date().timeIntervalSince1970)
    let warnings = try [(-7200, -3600), (3600, 7200), (-3600, 3600)].map { seconds in
      let settings = try setting.listener("shop.example", seconds: seconds)
      return try TLSServerContext(
        settings, protocols: [.http1], tickets: setting.tickets
      ).doubts(at: now).map(\.finding.message).joined()
    }
    #expect(warnings[0].contains("expired on 20"))
    #expect(warnings[1].contains("is not valid before 20"))
    #expect(warnings[2] == "")
  }

  @Test func `only another file in place of one that is well is worse`() {
    func doubt(_ key: String, _ print: UInt8) -> CertificateDoubt {
      CertificateDoubt(
        finding: Diagnostic(.warning, key: key, message: "expired"), fingerprint: [print])
    }
    func worse(_ fresh: CertificateDoubt, _ former: [CertificateDoubt] = []) -> Bool {
      !CertificateDoubt.worse([fresh], than: ["a": [1], "b": [2]], former).isEmpty
    }
    #expect(worse(doubt("a", 9)))
    #expect(worse(doubt("a", 9), [doubt("b", 2)]))
    #expect(!worse(doubt("a", 9), [doubt("a", 1)]))
    #expect(!worse(doubt("a", 1), [doubt("a", 1)]))
    #expect(!worse(doubt("a", 1)))
    #expect(!worse(doubt("c", 9)))
  }

  @Test func `an upstream's files are named by its own keys`() throws {
    let path = setting.authority.path("nowhere.pem")
    let error = #expect(throws: InvalidConfiguration.self) {
      try setting.client(UpstreamTLS(ca: path))
    }
    #expect(error?.diagnostics.map(\.key) == ["upstreams.x.tls.ca"])
  }
}
