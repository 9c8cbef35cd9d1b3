// SPDX-License-Identifier: Apache-2.0

public import HTTPExchange

extension MessageLimits {
  /// The limits of messages that a configuration sets; the others keep their defaults.
  public init(_ limits: ProxyLimits) {
    self.init(
      requestLine: limits.requestLine, field: limits.field, head: limits.head,
      fieldCount: limits.fields, body: limits.requestBody)
  }
}
