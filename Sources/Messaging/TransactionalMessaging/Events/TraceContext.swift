// SPDX-License-Identifier: Apache-2.0

/// The trace that an event belongs to, as W3C writes it in the headers `traceparent` and
/// `tracestate` (https://www.w3.org/TR/trace-context/).
public struct TraceContext: Sendable, Equatable {
  /// Version, trace id, parent id and flags, such as
  /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
  public private(set) var parent: String
  /// What vendors add; nil when there is nothing.
  public var state: String?

  /// Creates a context.
  ///
  /// - Returns: nil when `parent` is not written as version 00 demands, or its ids are all zeros.
  ///   Of a version to come the part that is known is read, and nothing of version ff.
  public init?(parent: String, state: String? = nil) {
    let parts = parent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.prefix(4).map(\.count) == [2, 32, 16, 2],
      parts[..<4].allSatisfy({ $0.allSatisfy(Self.isDigit) }),
      !parts[0].elementsEqual("ff".utf8),
      parts.count == 4 || !parts[0].elementsEqual("00".utf8),
      parts[1...2].allSatisfy({ $0.contains { $0 != UInt8(ascii: "0") } })
    else { return nil }
    self.parent = parent
    self.state = state
  }

  /// The first span of a new trace.
  package init(trace: (high: UInt64, low: UInt64), span: UInt64, isSampled: Bool) {
    let trace = Self.digits(trace.high) + Self.digits(trace.low)
    parent = "00-\(trace)-\(Self.digits(span))-\(isSampled ? "01" : "00")"
  }

  /// Reads what `text` wrote.
  ///
  /// - Returns: nil for anything else.
  public init?(text: String) {
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard let parent = parts.first else { return nil }
    self.init(parent: parent, state: parts.count > 1 ? parts[1] : nil)
  }

  /// Both headers as one text, such as to begin a saga with.
  public var text: String { state.map { "\(parent) \($0)" } ?? parent }

  /// The same trace, with another span as the parent of what comes: one that the caller made for
  /// its own part, and reports.
  ///
  /// - Parameter span: the span's id, which must not be 0; draw it at random.
  public func child(span: UInt64) -> TraceContext {
    var child = self
    // What is passed on is written in the version that is known here, with the flag that is.
    child.parent = "00-\(trace)-\(Self.digits(span))-\(isSampled ? "01" : "00")"
    return child
  }

  /// The trace's id, 32 hexadecimal digits.
  public var trace: String { String(parent.dropFirst(3).prefix(32)) }
  /// The id of the span that is the parent of what comes, 16 hexadecimal digits.
  public var span: String { String(parent.dropFirst(36).prefix(16)) }
  /// Whoever began the trace records it.
  public var isSampled: Bool {
    UInt8(parent.dropFirst(53).prefix(2), radix: 16).map { $0 & 1 == 1 } ?? false
  }

  private static func digits(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// As Debezium's column `tracingspancontext` holds it: the text of a Java properties file.
  package var properties: String {
    guard let state else { return "traceparent=\(parent)" }
    return "traceparent=\(parent)\ntracestate=\(state)"
  }
}

extension OutboxEvent {
  /// The trace that travels in the event's headers; nil when there is none, or none that is valid.
  public var traceContext: TraceContext? {
    get {
      headers[MessageHeader.traceParent].flatMap {
        TraceContext(parent: $0, state: headers[MessageHeader.traceState])
      }
    }
    set {
      headers[MessageHeader.traceParent] = newValue?.parent
      headers[MessageHeader.traceState] = newValue?.state
    }
  }
}
