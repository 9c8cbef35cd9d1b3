// SPDX-License-Identifier: Apache-2.0

public import ShadowComparison

/// What became of one route's shadows since the proxy started.
public struct ShadowTally: Sendable, Equatable {
  /// Requests by the side that they are held against.
  public struct Sides: Sendable, Equatable {
    /// Held against the extracted side.
    public var extracted: UInt64 = 0
    /// Held against legacy.
    public var legacy: UInt64 = 0

    mutating func add(_ sides: OddSides) {
      if sides.contains(.extracted) { extracted += 1 }
      if sides.contains(.legacy) { legacy += 1 }
    }
  }

  /// Requests that were sent to the extracted side as well.
  public var sent: UInt64 = 0
  /// Comparisons by verdict.
  public var outcomes: [Comparison.Outcome: UInt64] = [:]
  /// Requests that were picked, or would have been, and were not sent or not compared.
  public var drops: [DropReason: UInt64] = [:]
  /// Requests that the extracted side did not answer, or not so that anybody could read it.
  public var failures: [AnswerFailure: UInt64] = [:]
  /// Times legacy was asked once more to tell noise from behaviour.
  public var reasks: UInt64 = 0
  /// Times it was not, because the budget was used up.
  public var reasksOverBudget: UInt64 = 0
  /// Comparisons of which it is known whether a side was odd.
  public var judged: UInt64 = 0
  /// Comparisons that differed, and about which legacy could not be asked again, or told nothing
  /// by its second answer: that may be noise, and may be not. None of them is judged.
  public var undecided: UInt64 = 0
  /// Comparisons in which legacy failed where the extracted side did not.
  public var legacyFailedAlone: UInt64 = 0
  /// Requests in which a side's answer was unlike the two others somewhere; the extracted side's
  /// also where it showed a difference known to be real.
  public var odd = Sides()
  /// Those of them in which it was so where former answers do not speak for noise.
  public var telling = Sides()
  /// Shadows under way now.
  public var inFlight = 0
  /// Shadows that wait for their turn now.
  public var waiting = 0

  /// Creates a tally of nothing.
  public init() {}

  /// Comparisons so far.
  public var comparisons: UInt64 { outcomes.values.reduce(0, +) }
}

/// One route's shadow as it is shown.
public struct ShadowSnapshot: Sendable, Equatable {
  /// Name of the route.
  public var route: String
  /// What the route asks for, such as `compare 10 %`.
  public var summary: String
  /// Name of the upstream whose answers clients get.
  public var legacy: String
  /// Name of the upstream that gets the copies.
  public var extracted: String
  /// All of how the route is served and compared, as one text that is the same where it is so
  /// alike.
  public var service: String
  /// `open` or `half-open` while that upstream gets none or few, because it failed; nil otherwise.
  public var breaker: String?
  /// What happened so far.
  public var tally: ShadowTally
  /// Bytes of heads and bodies kept now.
  public var bytes: Int
  /// Most bytes kept so far.
  public var peakBytes: Int
  /// Bytes that may be kept, `body-bytes`.
  public var bytesLimit: Int
}
