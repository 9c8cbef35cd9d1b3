// SPDX-License-Identifier: Apache-2.0

package import HTTPExchange

/// Which of a route's requests its shadow takes, as far as the request itself says.
///
/// Only what legacy answers is looked at. Live traffic and `explain` ask the same question here;
/// what live traffic adds are draws, turns, and what finds no room.
package struct ShadowSampling: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    /// Who may switch to another protocol has no answer to compare.
    case upgrade
    /// A method that changes something stays with legacy.
    case write
    case everyRequest
    /// The same request is taken by every proxy or by none: its bucket is below the share.
    case taken(bucket: Int)
    case left(bucket: Int)
    /// It has neither an `X-Request-ID` nor a trace: a draw decides.
    case byChance(Percentage)
    /// As many a second as are due, whichever they are.
    case byRate(Int)
  }

  private let sample: ShadowConfiguration.Sample
  private let includesWrites: Bool
  private let buckets: UserBuckets

  /// - Parameter route: its name, which deals requests into buckets.
  package init(route: String, _ configuration: ShadowConfiguration) {
    sample = configuration.sample
    includesWrites = configuration.includesWrites
    buckets = UserBuckets(group: "shadow of " + route)
  }

  /// Decides on a request that legacy answers.
  package func verdict(
    on view: RequestView, isSafe: Bool, offersUpgrade: Bool
  ) -> Verdict {
    if offersUpgrade { return .upgrade }
    if !isSafe, !includesWrites { return .write }
    switch sample {
    case .rate(let rate): return .byRate(rate)
    case .percent(.full): return .everyRequest
    case .percent(let percent):
      guard let identity = Self.identity(of: view) else { return .byChance(percent) }
      let bucket = buckets.bucket(of: identity)
      return bucket < percent.hundredths ? .taken(bucket: bucket) : .left(bucket: bucket)
    }
  }

  private static func identity(of view: RequestView) -> UnsafeRawBufferPointer? {
    if let id = FieldLookup.value(of: "x-request-id", in: view.fields, view.bytes) { return id }
    guard let trace = FieldLookup.value(of: "traceparent", in: view.fields, view.bytes),
      trace.count >= 35
    else { return nil }
    return UnsafeRawBufferPointer(rebasing: trace[3..<35])
  }
}
