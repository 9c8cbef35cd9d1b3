// SPDX-License-Identifier: Apache-2.0

/// The names of timeouts in the file; `total`, which can be off, is apart.
extension ProxyTimeouts {
  static var keys: [(String, WritableKeyPath<ProxyTimeouts, Duration>)] {
    [
      ("connect", \.connect), ("request-head", \.requestHead), ("response-head", \.responseHead),
      ("idle", \.idle), ("tunnel", \.tunnel),
      ("keep-alive", \.keepAlive), ("upstream-keep-alive", \.upstreamKeepAlive),
      ("drain", \.drain),
    ]
  }
}

/// The names of limits in the file.
extension ProxyLimits {
  static var sizeKeys: [(String, WritableKeyPath<ProxyLimits, Int>)] {
    [
      ("request-line", \.requestLine), ("field", \.field), ("head", \.head),
      ("request-body", \.requestBody), ("body-rate", \.bodyRate),
      ("memory", \.memory),
    ]
  }

  static var countKeys: [(String, WritableKeyPath<ProxyLimits, Int>)] {
    [
      ("fields", \.fields), ("client-connections", \.clientConnections),
      ("upstream-connections", \.upstreamConnections),
      ("upstream-streams", \.upstreamStreams), ("upstream-queue", \.upstreamQueue),
    ]
  }
}

/// The names of limits of HTTP/2 in the file, and what each may be.
extension HTTP2ClientLimits {
  static var sizeKeys: [(String, WritableKeyPath<HTTP2ClientLimits, Int>, ClosedRange<Int>)] {
    [
      ("header-block", \.headerBlock, 4096...(4 << 20)),
      ("header-list", \.headerList, 4096...(16 << 20)),
      // The protocol's own windows, which a peer may use before it hears of smaller ones.
      ("stream-window", \.streamWindow, 65_535...(1 << 30)),
      ("connection-window", \.connectionWindow, 65_535...(1 << 30)),
      ("waiting-answers", \.waitingAnswers, 65_536...(1 << 40)),
    ]
  }

  static var countKeys: [(String, WritableKeyPath<HTTP2ClientLimits, Int>, ClosedRange<Int>)] {
    [
      ("concurrent-streams", \.concurrentStreams, 1...10_000),
      ("resets", \.resets, 1...1_000_000),
      ("resets-per-second", \.resetsPerSecond, 0...1_000_000),
      ("refusals", \.refusals, 1...1_000_000),
      ("refusals-per-second", \.refusalsPerSecond, 0...1_000_000),
    ]
  }
}
