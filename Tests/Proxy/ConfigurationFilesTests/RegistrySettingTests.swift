// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

@Suite struct RegistrySettingTests {
  private static func decode(_ proxy: String, _ upstream: String) -> DecodedConfiguration {
    ConfigurationFile.decode(
      """
      proxy: { \(proxy) }
      upstreams: { legacy: { \(upstream) } }
      routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]

      """, file: "s.yaml")
  }

  private static func mistakes(
    _ proxy: String, _ upstream: String = "endpoints: [127.0.0.1:9001]"
  ) -> [String] {
    decode(proxy, upstream).diagnostics.map { "\($0.severity.rawValue): \($0.key): \($0.message)" }
  }

  private static let admin = "admin: 127.0.0.1:9901, admin-token-file: t"

  @Test func anUpstreamTakesTheInstancesThatRegister() throws {
    let configuration = try Self.decode(
      "\(Self.admin), registry: { token-file: r, url: \"postgresql://ann@db/shop\" }",
      "registry: orders"
    ).get()
    #expect(configuration.upstreams[0].target == .registry("orders"))
    #expect(configuration.upstreams[0].summary == "legacy (who registers as orders)")
    #expect(configuration.upstreams[0].ejectionRules != nil)
    #expect(
      configuration.registry
        == RegistryConfiguration(url: "postgresql://ann@db/shop", tokenFile: "r"))
    #expect(try Self.decode("admin: 127.0.0.1:9901", "registry: orders").get().registry == nil)
  }

  @Test func mistakesAreNamed() {
    #expect(
      Self.mistakes("", "registry: orders") == [
        "error: upstreams.legacy.registry: nobody can register: set proxy.admin, or "
          + "proxy.registry.url"
      ])
    #expect(
      Self.mistakes(Self.admin, "registry: orders, endpoints: [127.0.0.1:9001]") == [
        "error: upstreams.legacy: expected { endpoints: [host:port] }, { registry: service }, "
          + "{ module: name } or { compose: { parts } }, found 2 of them"
      ])
    #expect(
      Self.mistakes(Self.admin, "registry: .orders") == [
        "error: upstreams.legacy.registry: expected a name of 1 to 64 letters, digits, \"-\", "
          + "\"_\" and \".\", the first of them no \".\""
      ])
    #expect(
      Self.mistakes("registry: { token-env: R }") == [
        "error: proxy.registry: there is no \"admin\" address at which services could register"
      ])
    #expect(
      Self.mistakes("admin: 127.0.0.1:9901, registry: { token-env: R }") == [
        "error: proxy.registry: its token guards nothing while the admin API asks for none: set "
          + "admin-token-file or admin-token-env as well"
      ])
    #expect(
      Self.mistakes("\(Self.admin), registry: { token-env: R, token-file: r }") == [
        "error: proxy.registry.token-file: expected token-env or token-file, found both"
      ])
    #expect(
      Self.mistakes("\(Self.admin), registry: { url: \"postgresql://ann:secret@db/shop\" }") == [
        "error: proxy.registry.url: it holds a password: leave that to PGPASSFILE or PGPASSWORD in "
          + "the environment"
      ])
  }

  @Test func aReloadSaysWhatChanges() throws {
    let before = try Self.decode(Self.admin, "endpoints: [127.0.0.1:9001]").get()
    let after = try Self.decode(Self.admin, "registry: orders").get()
    #expect(
      ConfigurationChange(from: before, to: after).items.map(\.text) == [
        "is legacy (who registers as orders) instead of legacy (127.0.0.1:9001)"
      ])
    let shared = try Self.decode(
      "\(Self.admin), registry: { url: \"postgresql://ann@db/shop\" }", "registry: orders"
    ).get()
    #expect(ConfigurationChange(from: after, to: shared).refusals.count == 1)
  }
}
