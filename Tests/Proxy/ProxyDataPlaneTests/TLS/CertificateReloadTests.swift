// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@Suite("Reload of certificates", .everyTransport, .timeLimit(.minutes(2)))
struct CertificateReloadTests {
  private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  private static func replace(_ old: String, with new: String) throws {
    try FileManager.default.removeItem(atPath: old)
    try FileManager.default.copyItem(atPath: new, toPath: old)
  }

  /// Puts the files of another certificate in place of the listener's.
  private func replaceFiles(of settings: ListenerTLS, with files: TestAuthority.Files) throws {
    try Self.replace(settings.certificates[0].certificate, with: files.certificate)
    try Self.replace(settings.certificates[0].key, with: files.key)
  }

  @Test func `new connections see the new certificate, open ones go on`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener()
    let successor = try TestAuthority(name: "successor")
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(settings)
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, tls: world.client()) { old in
          try await old.send(Self.get)
          #expect(try await old.message()?.text == "hello")
          try replaceFiles(
            of: settings, with: successor.issue("next", for: ["shop.example"]))
          try proxy.server.reloadCertificates()
          let trusting = try world.client(UpstreamTLS(ca: successor.file))
          try await Loopback.connect(proxy.port, tls: trusting) { new in
            try await new.send(Self.get)
            #expect(try await new.message()?.text == "hello")
          }
          try await old.send(Self.get)
          #expect(try await old.message()?.text == "hello")
        }
      }
    }
  }

  @Test func `files that cannot be used change nothing`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener()
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(settings)
      try await RunningProxy.run(configuration) { proxy in
        let expired = try world.authority.issue(
          "expired", for: ["shop.example"], seconds: (-7200, -3600))
        try replaceFiles(of: settings, with: expired)
        let first = #expect(throws: InvalidConfiguration.self) {
          try proxy.server.reloadCertificates()
        }
        #expect(first?.description.contains("expired on") == true)
        try FileManager.default.removeItem(atPath: settings.certificates[0].key)
        let second = #expect(throws: InvalidConfiguration.self) {
          try proxy.server.reloadCertificates()
        }
        #expect(second?.diagnostics.map(\.key) == ["proxy.tls.certificates[0].key"])
        try await Loopback.connect(proxy.port, tls: world.client()) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "hello")
        }
      }
    }
  }

  @Test func `one that expired while it was in force stands in the way of nothing`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener()
    func expired(_ name: String) throws -> TestAuthority.Files {
      try world.authority.issue(name, for: ["shop.example"], seconds: (-7200, -3600))
    }
    try replaceFiles(of: settings, with: expired("first"))
    let configuration = try ProxyConfiguration.all(to: 9).listening(settings)
    try await RunningProxy.run(configuration) { proxy in
      var next = proxy.server.routing.current.configuration
      next.routes[0].name = "another"
      try await proxy.server.reload(next, unixMilliseconds: 0)
      #expect(proxy.server.routing.current.configuration.routes[0].name == "another")
      // Another one that is no better, one that is, and none that is worse again.
      try replaceFiles(of: settings, with: expired("second"))
      try proxy.server.reloadCertificates()
      try replaceFiles(of: settings, with: world.authority.issue("well", for: ["shop.example"]))
      try proxy.server.reloadCertificates()
      try replaceFiles(of: settings, with: expired("third"))
      let error = #expect(throws: InvalidConfiguration.self) {
        try proxy.server.reloadCertificates()
      }
      #expect(error?.diagnostics.map(\.key) == ["proxy.tls.certificates[0].certificate"])
    }
  }

  @Test func `a configuration with other certificates is taken up`() async throws {
    let world = try TLSWorld()
    let successor = try TestAuthority(name: "successor")
    let files = try successor.issue("next", for: ["shop.example"])
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      try await RunningProxy.run(configuration) { proxy in
        var next = proxy.server.routing.current.configuration
        next.tls?.certificates = [.init(certificate: files.certificate, key: files.key)]
        let change = try await proxy.server.reload(next, unixMilliseconds: 0)
        #expect(change.items.map(\.subject) == ["proxy.tls"])
        let trusting = try world.client(UpstreamTLS(ca: successor.file))
        try await Loopback.connect(proxy.port, tls: trusting) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "hello")
        }
      }
    }
  }

  @Test func `no connection fails while certificates are reloaded`() async throws {
    let world = try TLSWorld()
    let settings = try world.listener()
    let context = try world.client()
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(settings)
      try await RunningProxy.run(configuration) { proxy in
        let port = proxy.port
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<4 {
            group.addTask {
              var answers = 0
              for _ in 0..<10 {
                answers += try await Loopback.connect(port, tls: context) { client in
                  try await client.send(Self.get)
                  return try await client.message()?.text == "hello" ? 1 : 0
                }
              }
              return answers
            }
          }
          for _ in 0..<20 {
            try proxy.server.reloadCertificates()
            try await letOthersRun()
          }
          var answers = 0
          for try await count in group { answers += count }
          #expect(answers == 40)
        }
        #expect(proxy.server.handshakeFailures(.client) == [:])
      }
    }
  }
}
