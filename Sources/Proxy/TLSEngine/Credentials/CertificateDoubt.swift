// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// A certificate that can be shown, and that the other end will probably refuse: one that has
/// expired, or is not valid yet.
package struct CertificateDoubt: Sendable {
  /// What is wrong with it; its key is the setting that names the file.
  package let finding: Diagnostic
  /// Of the file's bytes.
  package let fingerprint: [UInt8]

  package init(finding: Diagnostic, fingerprint: [UInt8]) {
    self.finding = finding
    self.fingerprint = fingerprint
  }
}

extension CertificateDoubt {
  /// Of new certificates, those that are worse than what is in force: another file than before, in
  /// place of one that is well.
  ///
  /// Time alone makes a certificate doubtful. One that is in force anyway, or follows another one
  /// that is no better, must not stand in the way of any other change, such as a way back.
  ///
  /// - Parameters:
  ///   - fresh: doubts about certificates that are to be in force.
  ///   - shown: fingerprints of those in force now, by the setting that names each.
  ///   - former: doubts about those.
  package static func worse(
    _ fresh: [CertificateDoubt], than shown: [String: [UInt8]], _ former: [CertificateDoubt]
  ) -> [CertificateDoubt] {
    fresh.filter { doubt in
      guard let before = shown[doubt.finding.key] else { return false }
      return before != doubt.fingerprint
        && !former.contains { $0.finding.key == doubt.finding.key }
    }
  }
}
