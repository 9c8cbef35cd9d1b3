// SPDX-License-Identifier: Apache-2.0

/// One exchange of recorded traffic: what was sent and, if it is known, what came back.
public struct RecordedExchange: Sendable, Equatable {
  /// When the request was sent, ISO 8601 as the recording has it.
  public var startedAt: String
  /// Milliseconds until the whole answer was there.
  public var milliseconds: Double
  /// Method.
  public var method: String
  /// Absolute URL without fragment.
  public var url: String
  /// Header fields of the request in the order they were sent.
  public var headers: [ComparedResponse.Header]
  /// Body of the request; empty when there is none.
  public var body: [UInt8]
  /// The answer; its body is empty when the recording left it out.
  public var response: ComparedResponse?

  /// Creates an exchange.
  public init(
    startedAt: String, milliseconds: Double = 0, method: String, url: String,
    headers: [ComparedResponse.Header] = [], body: [UInt8] = [], response: ComparedResponse? = nil
  ) {
    self.startedAt = startedAt
    self.milliseconds = milliseconds
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.response = response
  }

  /// `https://shop.example:8443` of the URL; nil when it is not absolute.
  public var origin: String? {
    guard let scheme = url.firstRange(of: "://"), scheme.lowerBound > url.startIndex else {
      return nil
    }
    let end = url[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
    return end > scheme.upperBound ? url[..<end].lowercased() : nil
  }

  /// Path and query of the URL, such as `/orders?limit=4`.
  public var target: String {
    guard let origin else { return url }
    let rest = url.dropFirst(origin.count).prefix { $0 != "#" }
    return rest.hasPrefix("/") ? String(rest) : "/" + rest
  }

  /// GET, HEAD and OPTIONS: methods that no server should change data for, unless the request asks
  /// to be taken for one with another method.
  public var isSafe: Bool { ["GET", "HEAD", "OPTIONS"].contains(method) && !overridesMethod }

  private static let overrides: Set<String> = [
    "x-http-method", "x-method-override", "x-http-method-override",
  ]

  private var overridesMethod: Bool {
    if headers.contains(where: { Self.overrides.contains($0.name.lowercased()) }) { return true }
    let query = target.drop { $0 != "?" }.dropFirst()
    return query.split { $0 == "&" || $0 == ";" }.contains { parameter in
      PercentCoding.decoded(parameter.prefix { $0 != "=" }).lowercased() == "_method"
    }
  }
}
