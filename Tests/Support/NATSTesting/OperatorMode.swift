// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Foundation

/// A server whose users prove who they are by a signed token and its key, as `.creds` files hold
/// them: an operator, an account with JetStream and its users, all made for one test
/// (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt).
package struct OperatorMode: Sendable {
  /// A key pair of NATS: an Ed25519 key whose text begins with a letter for its kind.
  private struct NKey: Sendable {
    enum Kind: UInt8 {
      case account = 0
      case `operator` = 112
      case user = 160
    }

    private static let seed: UInt8 = 144

    let kind: Kind
    let key = Curve25519.Signing.PrivateKey()

    init(_ kind: Kind) { self.kind = kind }

    var name: String { Self.text([kind.rawValue] + key.publicKey.rawRepresentation) }

    var secret: String {
      Self.text(
        [Self.seed | (kind.rawValue >> 5), (kind.rawValue & 31) << 3] + key.rawRepresentation)
    }

    private static func text(_ bytes: [UInt8]) -> String {
      let sum = checksum(bytes)
      return base32(bytes + [UInt8(sum & 0xFF), UInt8(sum >> 8)])
    }

    /// CRC-16 with the polynomial 0x1021 that begins with 0.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
      bytes.reduce(0) { sum, byte in
        (0..<8).reduce(sum ^ UInt16(byte) << 8) { sum, _ in
          sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021
        }
      }
    }

    private static func base32(_ bytes: [UInt8]) -> String {
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
      var (text, rest, bits) = ("", 0, 0)
      for byte in bytes {
        rest = (rest << 8 | Int(byte)) & 0xFFFF
        bits += 8
        while bits >= 5 {
          bits -= 5
          text.append(alphabet[rest >> bits & 31])
        }
      }
      if bits > 0 { text.append(alphabet[rest << (5 - bits) & 31]) }
      return text
    }

    /// A token that this key signs.
    func token(_ claims: [String: Any], for subject: String) throws -> String {
      var claims = claims
      claims["iss"] = name
      claims["sub"] = subject
      claims["name"] = "test"
      claims["iat"] = Int(Date().timeIntervalSince1970)
      claims["jti"] = UUID().uuidString
      let parts = [["typ": "JWT", "alg": "ed25519-nkey"], claims] as [[String: Any]]
      let text = try parts.map {
        Self.base64(try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys))
      }.joined(separator: ".")
      return "\(text).\(Self.base64(Data(try key.signature(for: Data(text.utf8)))))"
    }

    private static func base64(_ data: Data) -> String {
      data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        .replacing("=", with: "")
    }
  }

  private let operatorKey = NKey(.operator)
  private let system = NKey(.account)
  private let account = NKey(.account)

  package init() {}

  /// Lines of the server's configuration.
  package func lines() throws -> [String] {
    let noLimits = Dictionary(
      uniqueKeysWithValues: ["subs", "data", "payload", "imports", "exports", "conn", "leaf"]
        .map { ($0, -1 as Any) })
    let storage = Dictionary(
      uniqueKeysWithValues: ["mem_storage", "disk_storage", "streams", "consumer"]
        .map { ($0, -1 as Any) })
    func claims(_ limits: [String: Any]) -> [String: Any] {
      let limits = limits.merging(["wildcards": true]) { _, last in last }
      return ["nats": ["type": "account", "version": 2, "limits": limits] as [String: Any]]
    }
    let issuer = try operatorKey.token(
      ["nats": ["type": "operator", "version": 2, "system_account": system.name] as [String: Any]],
      for: operatorKey.name)
    let systemToken = try operatorKey.token(claims(noLimits), for: system.name)
    let accountToken = try operatorKey.token(
      claims(noLimits.merging(storage) { _, last in last }), for: account.name)
    return [
      "operator: \"\(issuer)\"", "system_account: \(system.name)", "resolver: MEMORY",
      "resolver_preload: { \(system.name): \"\(systemToken)\", \(account.name): \"\(accountToken)\" }",
    ]
  }

  /// The text of a `.creds` file of a new user.
  ///
  /// - Parameter seconds: how long it is valid from now on.
  package func credentials(validFor seconds: Int = 3_600) throws -> String {
    let user = NKey(.user)
    let limits: [String: Any] = [
      "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
    ]
    let token = try account.token(
      ["nats": limits, "exp": Int(Date().timeIntervalSince1970) + seconds], for: user.name)
    return """
      -----BEGIN NATS USER JWT-----
      \(token)
      ------END NATS USER JWT------

      -----BEGIN USER NKEY SEED-----
      \(user.secret)
      ------END USER NKEY SEED------

      """
  }
}
