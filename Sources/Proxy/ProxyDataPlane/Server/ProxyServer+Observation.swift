// SPDX-License-Identifier: Apache-2.0

extension ProxyServer {
  /// Opens the access log anew, after its file was renamed.
  public func reopenAccessLog() { observation.log?.reopen() }

  /// Takes the spans recorded since the last call: OTLP JSON objects with a comma behind each.
  package func takeSpans() -> (bytes: [UInt8], count: Int) {
    observation.tracing?.take() ?? ([], 0)
  }
}
