// SPDX-License-Identifier: Apache-2.0

public import ShadowComparison

/// A recorded request as it is sent to both sides.
public struct ReplayRequest: Sendable, Equatable {
  /// Method.
  public var method: String
  /// Path and query.
  public var target: String
  /// Header fields.
  public var headers: [ComparedResponse.Header]
  /// Body; empty for none.
  public var body: [UInt8]
  /// Whether the method may change nothing.
  public var isSafe: Bool
}

/// Which requests of a recording are sent, and why the others are not.
public struct ReplaySelection: Sendable, Equatable {
  /// What is taken from the recording.
  public struct Options: Sendable {
    /// Only requests below this address; nil takes the only one that the recording has.
    public var origin: BaseAddress?
    /// Whether requests that may change data are taken.
    public var includesWrites = false
    /// Whether cookies and authorizations are sent as recorded.
    public var keepsCredentials = false
    /// Fields that every request gets, in place of recorded ones.
    public var headers: [ComparedResponse.Header] = []
    /// Whether a request is wanted at all.
    public var isWanted: @Sendable (ReplayRequest) -> Bool = { _ in true }

    /// Creates options that take every safe request.
    public init() {}
  }

  /// Why nothing can be selected.
  public enum Problem: Error, Equatable {
    /// The recording holds requests to several addresses, with their numbers.
    case severalOrigins([String: Int])
  }

  /// What is sent, in recorded order.
  public private(set) var requests: [ReplayRequest] = []
  /// Requests that may change data and are left out, in recorded order.
  public private(set) var writes: [ReplayRequest] = []
  /// Number of requests to other addresses.
  public private(set) var elsewhere = 0
  /// Number of requests that are not wanted.
  public private(set) var unwanted = 0

  /// Selects from a recording.
  public init(_ exchanges: [RecordedExchange], _ options: Options) throws(Problem) {
    if options.origin == nil {
      let origins = exchanges.reduce(into: [:]) { $0[$1.origin ?? "", default: 0] += 1 }
      guard origins.count <= 1 else { throw .severalOrigins(origins) }
    }
    for exchange in exchanges {
      guard let target = Self.target(of: exchange, options) else {
        elsewhere += 1
        continue
      }
      let request = ReplayRequest(
        method: exchange.method, target: target, headers: Self.headers(of: exchange, options),
        body: exchange.body, isSafe: exchange.isSafe)
      if !options.isWanted(request) {
        unwanted += 1
      } else if request.isSafe || options.includesWrites {
        requests.append(request)
      } else {
        writes.append(request)
      }
    }
  }

  private static func target(of exchange: RecordedExchange, _ options: Options) -> String? {
    guard let origin = options.origin else { return exchange.target }
    return origin.target(of: exchange.url)
  }

  private static func headers(
    of exchange: RecordedExchange, _ options: Options
  ) -> [ComparedResponse.Header] {
    let replaced = Set(options.headers.map { $0.name.lowercased() })
    return exchange.headers.filter { header in
      CarriedFields.isReplayed(header.name) && !replaced.contains(header.name.lowercased())
        && (options.keepsCredentials || !CarriedFields.isCredential(header.name))
    } + options.headers
  }
}
