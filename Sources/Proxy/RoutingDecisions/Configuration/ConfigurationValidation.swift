// SPDX-License-Identifier: Apache-2.0

extension ProxyConfiguration {
  /// Everything that is wrong or doubtful, without locations.
  public func diagnostics() -> [Diagnostic] {
    []
  }
}
