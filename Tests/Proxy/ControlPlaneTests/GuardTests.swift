// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import Logging
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite(.timeLimit(.minutes(1))) struct GuardTests {
  private static let order = #"{"percent": 25, "reason": "x"}"#

  @Test(arguments: [
    ("Origin", "https://evil.example"), ("Origin", "null"), ("Origin", "http://localhost"),
    ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
  ])
  func pagesOfOtherSitesAreRefused(name: String, value: String) async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let name = try #require(HTTPField.Name(name))
      let answer = try await client.put(Self.order, [name: value])
      #expect(answer.status == 403)
      #expect(answer.body.contains(value))
    }
    #expect(harness.routing.version == 1)
  }

  @Test("Wrong tokens are told to the log, as many as they are, and not each by itself")
  func wrongTokens() {
    var tally = RefusalTally()
    let start = ContinuousClock.Instant.now
    let told = [0, 1, 9, 10, 19, 20].map { tally.add(at: start + .seconds($0)) }
    #expect(told == [1, nil, nil, 3, nil, 2])
  }

  @Test func itsOwnPagesMayChangeThings() async throws {
    try await AdminHarness().run { client in
      let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
      let answer = try await client.put(
        Self.order, [.origin: "http://localhost:9901", site: "same-origin"])
      #expect(answer.status == 200)
    }
  }

  @Test func aNameThatResolvesToThisMachineIsNotThisMachine() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let answer = try await client.put(
        Self.order, [.origin: "http://evil.example:9901"], authority: "evil.example:9901")
      #expect(answer.status == 421)
      for authority in ["localhost", "127.0.0.1:9901", "[::1]:9901"] {
        #expect(try await client.send(.get, "/routes", authority: authority).status == 200)
      }
    }
    #expect(harness.routing.version == 1)
  }

  @Test func withATokenEveryRequestButHealthNeedsIt() async throws {
    var harness = try AdminHarness()
    harness.token = AdminToken("correct horse battery")
    try await harness.run { client in
      let refused = try await client.put(Self.order)
      #expect(refused.status == 401)
      #expect(refused.headers[.wwwAuthenticate] == "Bearer realm=\"strangler admin\"")
      let wrong = [
        "Bearer correct horse batterx", "Bearer correct horse",
        "Bearer ", "Bearer", "Basic correct horse battery", "",
        "Bearer correct horse batterycorrect horse battery",
      ]
      for value in wrong {
        let answer = try await client.send(.get, "/metrics", [.authorization: value])
        #expect(answer.status == 401, "\(value)")
      }
      let token: HTTPFields = [.authorization: "bearer correct horse battery"]
      #expect(try await client.put(Self.order, token).status == 200)
      let elsewhere = try await client.send(.get, "/routes", token, authority: "proxy.example")
      #expect(elsewhere.status == 200)
      #expect(try await client.send(.get, "/health/live").status == 200)
    }
  }

  @Test func anAddressOthersCanReachNeedsAToken() throws {
    let harness = try AdminHarness()
    let address = NetworkAddress(host: "0.0.0.0", port: 0)
    #expect(throws: AdminServerError.tokenMissing(address)) {
      try AdminServer(
        configuration: AdminConfiguration(listen: address), token: nil, routing: harness.routing,
        counters: harness.counters, readiness: harness.readiness, logger: Logger(label: "admin"))
    }
  }

  @Test func tokensComeFromTheEnvironment() throws {
    let configuration = AdminConfiguration(
      listen: NetworkAddress(host: "0.0.0.0", port: 1), tokenEnvironmentVariable: "ADMIN_TOKEN")
    let long = "0123456789abcdef"
    #expect(
      try AdminToken.read(for: configuration, environment: ["ADMIN_TOKEN": long]) != nil)
    #expect(throws: AdminServerError.tokenVariableNotSet("ADMIN_TOKEN")) {
      try AdminToken.read(for: configuration, environment: ["ADMIN_TOKEN": ""])
    }
    #expect(throws: AdminServerError.tokenTooShort("ADMIN_TOKEN")) {
      try AdminToken.read(for: configuration, environment: ["ADMIN_TOKEN": "short"])
    }
    let open = AdminConfiguration(listen: configuration.listen)
    #expect(try AdminToken.read(for: open, environment: ["ADMIN_TOKEN": long]) == nil)
  }
}

@Suite struct TokenFileTests {
  private static func configuration(_ file: String) -> AdminConfiguration {
    AdminConfiguration(listen: NetworkAddress(host: "127.0.0.1", port: 1), tokenFile: file)
  }

  @Test func aMissingTokenFileIsMadeForItsOwnerAlone() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "token-\(UUID().uuidString)").path(percentEncoded: false)
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(try AdminToken.read(for: Self.configuration(file), environment: [:]) != nil)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.count == 65 && text.hasSuffix("\n"))
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    #expect(try AdminToken.read(for: Self.configuration(file), environment: [:]) != nil)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text, "it was made twice")
    try "short\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(throws: AdminServerError.tokenTooShort(file)) {
      try AdminToken.read(for: Self.configuration(file), environment: [:])
    }
  }

  @Test(arguments: [
    (0o600, 1_000, false), (0o400, 1_000, false), (0o640, 1_000, true), (0o604, 1_000, true),
    (0o620, 1_000, true), (0o644, 1_000, true), (0o640, 0, false), (0o440, 0, false),
    (0o660, 0, true), (0o644, 0, true), (0o604, 0, true),
  ])
  func othersAreToldFromTheOwner(mode: Int, owner: Int, isExposed: Bool) {
    #expect(AdminToken.isExposed(mode: mode, owner: owner) == isExposed)
  }

  @Test func aTokenFileThatOthersCanReadIsNoticedThroughALinkToo() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "token-\(UUID().uuidString)").path(percentEncoded: false)
    defer {
      for path in [file, file + "-link"] { try? FileManager.default.removeItem(atPath: path) }
    }
    #expect(AdminToken.exposure(of: Self.configuration(file)) == nil, "it is not there")
    #expect(try AdminToken.read(for: Self.configuration(file), environment: [:]) != nil)
    try FileManager.default.createSymbolicLink(
      atPath: file + "-link", withDestinationPath: file)
    for path in [file, file + "-link"] {
      #expect(AdminToken.exposure(of: Self.configuration(path)) == nil)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    for path in [file, file + "-link"] {
      #expect(AdminToken.exposure(of: Self.configuration(path)) == "0644")
    }
  }

  @Test func aFileThatCannotBeMadeIsSaidSo() {
    let file = "/nowhere/at/all/token"
    #expect(
      throws: AdminServerError.tokenFileUnusable(file, reason: "it cannot be made")
    ) {
      try AdminToken.read(for: Self.configuration(file), environment: [:])
    }
  }
}
