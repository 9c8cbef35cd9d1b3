// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// A machine beside a simulation of it that was written from its rules alone: both are told the
/// same random events, and have to say the same.
package protocol ModelCheck {
  /// One sequence of events.
  ///
  /// - Returns: how many events there were, and where both differ; nil when nowhere.
  static func sequence(_ random: inout SeededGenerator) -> (events: Int, difference: String?)
}

/// What a number of sequences showed.
package struct ModelCheckResult: Sendable {
  package var sequences = 0
  package var events = 0
  /// The first difference, with what repeats it.
  package var difference: String?
}

extension ModelCheck {
  /// Runs sequences up to the first difference; each has a seed of its own.
  package static func run(sequences: Int, seed: UInt64 = 0) -> ModelCheckResult {
    var result = ModelCheckResult()
    for number in 0..<sequences {
      let own = seed &+ UInt64(number)
      var random = SeededGenerator(seed: own)
      let (events, difference) = sequence(&random)
      result.sequences += 1
      result.events += events
      if let difference {
        result.difference = "seed \(own): \(difference)"
        break
      }
    }
    return result
  }
}

extension SeededGenerator {
  /// True once in so many times.
  mutating func once(in times: UInt64) -> Bool { next() % times == 0 }

  /// One of them.
  mutating func one<Element>(of elements: [Element]) -> Element {
    elements[Int(next() % UInt64(elements.count))]
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }
}
