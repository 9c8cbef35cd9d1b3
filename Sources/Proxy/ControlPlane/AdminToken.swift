// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

/// The secret that admin requests carry.
public struct AdminToken: Sendable {
  /// Fewest characters a token may have.
  public static let minimumLength = 16

  private let secret: [UInt8]
  /// For the requests of this process to another one.
  var text: String { String(decoding: secret, as: UTF8.self) }

  /// Creates a token; nil when it is too short to resist guessing.
  public init?(_ secret: String) {
    guard secret.utf8.count >= Self.minimumLength else { return nil }
    self.secret = Array(secret.utf8)
  }

  /// Reads the token that a configuration asks for; nil when it asks for none.
  public static func read(
    for configuration: AdminConfiguration, environment: [String: String]
  ) throws(AdminServerError) -> AdminToken? {
    guard let variable = configuration.tokenEnvironmentVariable else { return nil }
    guard let secret = environment[variable], !secret.isEmpty else {
      throw .tokenVariableNotSet(variable)
    }
    guard let token = AdminToken(secret) else { throw .tokenTooShort(variable) }
    return token
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
