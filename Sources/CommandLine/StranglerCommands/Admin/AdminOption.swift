// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import Foundation
internal import RoutingDecisions

/// Where a running proxy takes orders, and the token it asks for.
struct AdminOption: ParsableArguments {
  /// Where a token is looked up that no option and no configuration names.
  static let tokenVariable = "STRANGLER_ADMIN_TOKEN"
  /// The configuration where none is named.
  static let standardFile = "strangler.yaml"

  @Option(
    name: .customLong("admin"),
    help: """
      Admin address of the proxy, such as http://127.0.0.1:9901; proxy.admin of the configuration \
      when not given.
      """)
  var address: String?

  @Option(help: "File that holds the admin token.")
  var tokenFile: String?

  @Option(name: .customLong("config"), help: "Configuration file of the proxy.")
  var file = AdminOption.standardFile

  /// The proxy that is meant.
  func connect() throws -> AdminConnection {
    if let address {
      let base = address.contains("://") ? address : "http://\(address)"
      return AdminConnection(
        base: base.hasSuffix("/") ? String(base.dropLast()) : base, token: try token(nil))
    }
    guard FileManager.default.isReadableFile(atPath: file) else {
      throw CommandFailure.unusable(
        "cannot read \(file); name the proxy with --admin, or its configuration with --config")
    }
    let admin = try place()
    guard admin.listen.port != 0 else {
      throw CommandFailure.unusable(
        "the system picks the port of proxy.admin in \(file); name it with --admin")
    }
    return AdminConnection(base: "http://\(admin.listen)", token: try token(admin))
  }

  /// Where the file says that orders are taken, whatever else is wrong with it: the proxy has the
  /// last good one in force, and users are to be taken back now.
  private func place() throws -> AdminConfiguration {
    let decoded = ConfigurationFile.load(file)
    if let admin = decoded.admin {
      if decoded.configuration == nil {
        Terminal.standardError.write(
          "\(file) has errors, which strangler routes validate lists; of it proxy.admin is used\n")
      }
      return admin
    }
    guard decoded.configuration == nil else {
      throw CommandFailure.unusable("\(file) has no proxy.admin, so nobody takes orders")
    }
    throw CommandFailure.unusable(
      "the configuration cannot be used; name the proxy with --admin, and its token with "
        + "--token-file",
      details: ValidationReport(decoded, file: file).text.split(separator: "\n").map(String.init))
  }

  private func token(_ admin: AdminConfiguration?) throws -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let path = tokenFile { return try Self.read(path) }
    if let token = environment[Self.tokenVariable] { return token }
    if let path = admin?.tokenFile { return try Self.read(path) }
    return admin?.tokenEnvironmentVariable.flatMap { environment[$0] }
  }

  private static func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure.unusable("cannot read the admin token from \(path)")
    }
    return String(String(decoding: data, as: UTF8.self).prefix { !$0.isNewline })
  }
}

/// Who orders something, and why; both are kept for ever.
struct OrderOptions: ParsableArguments {
  @OptionGroup var admin: AdminOption

  @Option(help: "Why; it is written into the journal.")
  var reason: String

  @Option(help: "Who orders it; the name of the user of this machine when not given.")
  var actor: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  /// A JSON body with both, and more members.
  func body(_ members: [String: OrderMember] = [:]) -> [String: OrderMember] {
    members.merging([
      "reason": .text(reason), "actor": .text(actor ?? ProcessInfo.processInfo.userName),
    ]) { given, _ in given }
  }
}

/// A member of a request's JSON body.
enum OrderMember: Encodable {
  case text(String)
  case number(Double)
  case flag(Bool)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    }
  }
}
