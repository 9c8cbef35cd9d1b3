// SPDX-License-Identifier: Apache-2.0

public import HTTPExchange

extension MessageLimits {
  /// The limits of messages that a configuration sets; the others keep their defaults.
  ///
  /// Reading goes on until the largest head that is allowed has room, or it could never be
  /// complete.
  public init(_ limits: ProxyLimits) {
    self.init(
      requestLine: limits.requestLine, field: limits.field, head: limits.head,
      fieldCount: limits.fields, body: limits.requestBody, bodyRate: limits.bodyRate,
      readAhead: max(128 * 1024, limits.requestLine + limits.head + 64 * 1024))
  }
}
