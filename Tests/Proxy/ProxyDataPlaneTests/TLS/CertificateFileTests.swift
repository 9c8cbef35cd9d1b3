// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import TestCertificates
import Testing

/// What reading the files of a configuration finds, without starting a proxy.
@Suite("Certificate files") struct CertificateFileTests {
  private let world: TLSWorld
  private let configuration: ProxyConfiguration

  init() throws {
    world = try TLSWorld()
    configuration = try ProxyConfiguration.all(to: 9).listening(world.listener())
      .securing(UpstreamTLS(ca: world.authority.file))
  }

  private func findings(_ change: (inout ProxyConfiguration) throws -> Void) rethrows -> [String] {
    var configuration = configuration
    try change(&configuration)
    return CertificateFiles.diagnostics(of: configuration).map(\.description)
  }

  @Test func `sound files are nothing to speak of`() throws {
    #expect(findings { _ in } == [])
    #expect(CertificateFiles.diagnostics(of: try .all(to: 9)).isEmpty)
  }

  @Test func `everything that cannot be used is named at once, with its setting`() throws {
    let other = try world.authority.issue("other", for: ["other.example"])
    let found = findings {
      $0.tls?.certificates[0].key = other.key
      $0.upstreams[0].tls?.ca = "/nowhere/ca.pem"
    }
    #expect(found.count == 2)
    #expect(found[0].hasPrefix("error: proxy.tls.certificates[0].key: \(other.key) is not the key"))
    #expect(
      found[1]
        == "error: upstreams.legacy.tls.ca: /nowhere/ca.pem cannot be read: No such file or "
        + "directory")
  }

  @Test func `a certificate that has expired is a warning, also beside an error`() throws {
    let old = try world.listener(seconds: (-7200, -3600))
    let expired = try findings { $0.tls = try world.listener(seconds: (-7200, -3600)) }
    #expect(expired.count == 1)
    #expect(
      expired[0].hasPrefix("warning: proxy.tls.certificates[0].certificate: the certificate in "))
    #expect(expired[0].contains(" expired on "))
    let both = findings {
      $0.tls = old
      $0.upstreams[0].tls?.ca = old.certificates[0].key
    }
    #expect(both.count == 2)
    #expect(both.contains { $0.hasPrefix("error: upstreams.legacy.tls.ca: ") })
    #expect(both.contains { $0.hasPrefix("warning: proxy.tls.certificates[0]") })
  }
}
