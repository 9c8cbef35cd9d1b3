// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import RoutingDecisions
import Testing

@Suite struct JournalSettingTests {
  private static func decode(_ proxy: String) -> DecodedConfiguration {
    ConfigurationFile.decode(
      """
      proxy: { \(proxy) }
      upstreams: { legacy: { endpoints: [127.0.0.1:9001] } }
      routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]

      """, file: "s.yaml")
  }

  private static func mistakes(_ proxy: String) -> [String] {
    decode(proxy).diagnostics.map { "\($0.severity.rawValue): \($0.key): \($0.message)" }
  }

  @Test func aJournalAndATokenFileAreRead() throws {
    let proxy =
      "admin: 127.0.0.1:9901, admin-token-file: t, journal: { path: j.sqlite, installation: shop }"
    let configuration = try Self.decode(proxy).get()
    #expect(configuration.journal == JournalConfiguration(path: "j.sqlite", installation: "shop"))
    #expect(configuration.admin?.tokenFile == "t")
    #expect(configuration.admin?.asksForToken == true)
    #expect(Self.mistakes(proxy) == [])
  }

  @Test func mistakesAreNamed() {
    #expect(
      Self.mistakes("admin: 127.0.0.1:9901, journal: { path: j }") == [
        "error: proxy.journal.installation: missing; expected \(Self.name)"
      ])
    #expect(
      Self.mistakes("admin: 127.0.0.1:9901, journal: { path: j, installation: s }") == [
        "error: proxy.admin: what is journaled needs somebody to vouch for it: set "
          + "admin-token-file to a file (made with a random token where there is none), or "
          + "admin-token-env"
      ])
    #expect(
      Self.mistakes("journal: { path: j, installation: s }") == [
        "warning: proxy.journal: nobody can move a route without proxy.admin"
      ])
    #expect(
      Self.mistakes("admin: 127.0.0.1:9901, admin-token-file: t, admin-token-env: T") == [
        "error: proxy.admin-token-file: expected admin-token-env or admin-token-file, found both"
      ])
    #expect(
      Self.mistakes("admin-token-file: t") == [
        "error: proxy.admin-token-file: there is no \"admin\" address that it could guard"
      ])
  }

  @Test func aSharedJournalIsReadAndAPasswordIsRefusedWithoutBeingRepeated() throws {
    let admin = "admin: 127.0.0.1:9901, admin-token-file: t"
    let url = "postgresql://ann@db/shop?sslmode=require"
    let proxy = "\(admin), journal: { url: '\(url)', installation: shop, proxy-name: one }"
    #expect(
      try Self.decode(proxy).get().journal
        == JournalConfiguration(.postgreSQL(url), installation: "shop", proxyName: "one"))
    for secret in ["postgres://ann:hunter2@db/shop", "postgresql://db/shop?password=hunter2"] {
      #expect(
        Self.mistakes("\(admin), journal: { url: '\(secret)', installation: shop }") == [
          "error: proxy.journal.url: it holds a password: leave that to PGPASSFILE or PGPASSWORD "
            + "in the environment"
        ])
    }
    #expect(
      Self.mistakes("\(admin), journal: { url: 'mysql://db/shop', installation: shop }") == [
        "error: proxy.journal.url: expected an address such as postgresql://user@host/database"
      ])
    #expect(
      Self.mistakes("\(admin), journal: { url: '\(url)', path: j, installation: shop }") == [
        "error: proxy.journal.url: expected path or url, found both"
      ])
  }

  private static let name = "a name of 1 to 64 letters, digits, \"-\", \"_\" and \".\""

  @Test func theFixtureIsValid() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs/cutover.yaml").standardized.path
    let decoded = ConfigurationFile.load(file)
    #expect(decoded.diagnostics == [])
    #expect(decoded.configuration?.cutovers.first?.stages.count == 4)
  }

  @Test func twoConfigurationsHaveOneTextOnlyWhenTheyAreTheSame() throws {
    let one = try Self.decode("admin: 127.0.0.1:9901").get()
    var other = one
    #expect(one.settingText == other.settingText)
    other.routes[0].percent = .full
    #expect(one.settingText != other.settingText)
  }
}
