// SPDX-License-Identifier: Apache-2.0

/// Turns of all contenders, interleaved: A B C, B C A, C A B, ... What disturbs the machine for
/// longer than a turn then falls on all of them, and nobody always comes behind the same one.
struct Rounds {
  private(set) var kept: [[Turn]] = []
  private(set) var dropped = 0
  /// Too few rounds were undisturbed, so that all of them are used.
  private(set) var isDisturbed = false

  /// - Parameters:
  ///   - wanted: undisturbed rounds after which it ends.
  ///   - most: rounds after which it ends in any case.
  ///   - deadline: no round begins after it, unless none was run.
  init(
    wanted: Int, most: Int, deadline: Instant, contenders: [RunningContender],
    turn: (RunningContender) throws -> Turn
  ) throws {
    var disturbed: [[Turn]] = []
    while kept.count < wanted, kept.count + disturbed.count < most {
      if Instant.now > deadline, kept.count + disturbed.count > 0 { break }
      let first = kept.count + disturbed.count
      let turns = try contenders.indices.map { step in
        let index = (first + step) % contenders.count
        do { return (index, try turn(contenders[index])) } catch {
          throw BenchmarkError("\(contenders[index].name): \(error)")
        }
      }
      let round = turns.sorted { $0.0 < $1.0 }.map(\.1)
      if round.contains(where: \.isDisturbed) {
        disturbed.append(round)
      } else {
        kept.append(round)
      }
    }
    dropped = disturbed.count
    if kept.count < min(3, wanted) {
      kept += disturbed
      dropped = 0
      isDisturbed = true
    }
  }

  /// Processors' worth of time that others took in the turns that count.
  var strangers: Spread { Spread(kept.joined().map(\.strangers)) }

  /// One value a round of the contender at an index.
  func values(_ contender: Int, _ value: (Turn) -> Double) -> [Double] {
    kept.map { value($0[contender]) }
  }

  /// One ratio a round between a contender and the one that is the measure.
  func ratios(_ contender: Int, to reference: Int, _ value: (Turn) -> Double) -> [Double] {
    kept.map { value($0[contender]) / value($0[reference]) }
  }
}
