// SPDX-License-Identifier: Apache-2.0

/// Which certificate a client gets for the name it asks for.
struct ServerNames: Sendable {
  private var exact: [String: Int] = [:]
  /// By what follows the `*`.
  private var wildcards: [String: Int] = [:]

  /// Names of each certificate, in order; the first to claim a name gets it.
  init(_ certificates: [[String]]) {
    for (index, names) in certificates.enumerated() {
      for name in names {
        let name = Self.normalized(name)
        if name.hasPrefix("*.") {
          let suffix = String(name.dropFirst())
          wildcards[suffix] = wildcards[suffix] ?? index
        } else {
          exact[name] = exact[name] ?? index
        }
      }
    }
  }

  /// The certificate for a name: the exact one, else a wildcard for its last label but one and up,
  /// else the first.
  func certificate(for name: String) -> Int {
    let name = Self.normalized(name)
    if let index = exact[name] { return index }
    guard let dot = name.firstIndex(of: ".") else { return 0 }
    return wildcards[String(name[dot...])] ?? 0
  }

  /// Names compare without case, and a dot at the end says nothing.
  private static func normalized(_ name: String) -> String {
    (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
  }
}
