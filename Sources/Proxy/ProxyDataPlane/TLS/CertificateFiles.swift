// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

/// The certificates, keys and authorities that a configuration names.
public enum CertificateFiles {
  /// Reads them all as a start would, without one: what cannot be used is an error, and what is out
  /// of date a warning. The findings carry the keys of the settings that name the files.
  ///
  /// Relative paths start at the working folder of this process.
  public static func diagnostics(of configuration: ProxyConfiguration) -> [Diagnostic] {
    do throws(InvalidConfiguration) {
      return try LiveTLS(configuration, RoutingNumbers(configuration)).warnings
    } catch {
      return error.diagnostics
    }
  }
}
