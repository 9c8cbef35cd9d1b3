// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// Which traces are recorded: of those that come from elsewhere the ones that are there too, of
/// those that begin here a share.
///
/// The share is taken by the trace's id, as OpenTelemetry does it, so that everybody who takes the
/// same share takes the same traces
/// (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling).
package struct TraceSampling: Sendable, Equatable {
  /// Bits of an id that are random in every trace.
  private static let randomBits = 56

  /// Ids from this number on are taken.
  private let threshold: UInt64

  /// - Parameter share: from 0 to 1.
  package init(share: Double) {
    let all = Double(UInt64(1) << Self.randomBits)
    threshold = UInt64((1 - min(1, max(0, share))) * all)
  }

  /// - Parameter low: the second half of the trace's id.
  package func takes(low: UInt64) -> Bool {
    low & (UInt64(1) << Self.randomBits - 1) >= threshold
  }

  /// The context of a new span below a parent, or of the first one of a trace.
  ///
  /// - Parameter random: numbers for ids.
  package func context(
    below parent: TraceContext?, using random: inout some RandomNumberGenerator
  ) -> TraceContext {
    let span = UInt64.random(in: 1 ... .max, using: &random)
    if let parent { return parent.child(span: span) }
    let high = UInt64.random(in: .min ... .max, using: &random)
    let low = UInt64.random(in: 1 ... .max, using: &random)
    return TraceContext(trace: (high, low), span: span, isSampled: takes(low: low))
  }
}
