// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The secret that admin requests carry.
public struct AdminToken: Sendable {
  /// Fewest characters a token may have.
  public static let minimumLength = 16
  /// Random bytes of a token that the proxy makes.
  private static let madeLength = 32

  private let secret: [UInt8]
  /// For the requests of this process to another one.
  var text: String { String(decoding: secret, as: UTF8.self) }

  /// Creates a token; nil when it is too short to resist guessing.
  public init?(_ secret: String) {
    guard secret.utf8.count >= Self.minimumLength else { return nil }
    self.secret = Array(secret.utf8)
  }

  /// Reads the token that a configuration asks for; nil when it asks for none. A token file that is
  /// not there is made, with a random token, for its owner alone.
  public static func read(
    for configuration: AdminConfiguration, environment: [String: String]
  ) throws(AdminServerError) -> AdminToken? {
    if let file = configuration.tokenFile { return try read(file: file) }
    guard let variable = configuration.tokenEnvironmentVariable else { return nil }
    guard let secret = environment[variable], !secret.isEmpty else {
      throw .tokenVariableNotSet(variable)
    }
    guard let token = AdminToken(secret) else { throw .tokenTooShort(variable) }
    return token
  }

  private static func read(file: String) throws(AdminServerError) -> AdminToken {
    do {
      if !FileManager.default.fileExists(atPath: file) { try make(file) }
      let text = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
      let secret = text.prefix { !$0.isNewline }
      guard let token = AdminToken(String(secret)) else {
        throw AdminServerError.tokenTooShort(file)
      }
      return token
    } catch let error as AdminServerError {
      throw error
    } catch {
      throw .tokenFileUnusable(file, reason: "\(error)")
    }
  }

  private static func make(_ file: String) throws {
    var random = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    let token = (0..<2 * madeLength).map { _ in digits[Int(random.next() & 15)] }
    let isMade = FileManager.default.createFile(
      atPath: file, contents: Data(token + [UInt8(ascii: "\n")]),
      attributes: [.posixPermissions: 0o600])
    guard isMade else {
      throw AdminServerError.tokenFileUnusable(file, reason: "it cannot be made")
    }
  }

  /// The mode of a token file, such as `0644`, that others than its owner may use; nil for one that
  /// they may not, when it cannot be told, and without a file.
  ///
  /// This warns where ssh and libpq refuse a key: those have a person before them, and a proxy that
  /// does not start is an outage. Containers also get their secrets with such modes as a rule.
  package static func exposure(of configuration: AdminConfiguration) -> String? {
    guard let file = configuration.tokenFile else { return nil }
    let path = URL(filePath: file).resolvingSymlinksInPath().path(percentEncoded: false)
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let mode = whole(attributes[.posixPermissions])
    else { return nil }
    let owner = whole(attributes[.ownerAccountID]) ?? 0
    return isExposed(mode: mode, owner: owner) ? Self.octal(mode) : nil
  }

  /// libpq's rule for keys: a file of root's may be read by a group, any other by its owner alone.
  package static func isExposed(mode: Int, owner: Int) -> Bool {
    mode & (owner == 0 ? 0o037 : 0o077) != 0
  }

  /// Four digits, as `chmod` takes them.
  private static func octal(_ mode: Int) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private static func whole(_ attribute: Any?) -> Int? {
    attribute as? Int ?? (attribute as? any BinaryInteger).map { Int(truncatingIfNeeded: $0) }
  }

  /// Whether a request's token is this one. The time taken depends on the candidate's length only,
  /// so that it tells nothing about the secret.
  func matches(_ candidate: some StringProtocol) -> Bool {
    let candidate = Array(candidate.utf8)
    var difference = UInt64(bitPattern: Int64(candidate.count ^ secret.count))
    for (index, byte) in candidate.enumerated() {
      difference |= UInt64(byte ^ secret[index % secret.count])
    }
    return difference == 0
  }
}
