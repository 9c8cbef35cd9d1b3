// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Error once per user")
struct ErrorOncePerUserTests {
  private static func ends(
    _ errors: ErrorOncePerUser, _ bucket: Int, _ side: Side = .extracted, fails: Bool,
    isFirst: Bool = true, at seconds: UInt64
  ) -> (isJudged: Bool, isFirstFailure: Bool) {
    let verdict = errors.end(
      bucket: bucket, side: side, hasFailed: fails, isFirst: isFirst, at: seconds * 1_000)
    return (verdict.isJudged, verdict.isFirstFailure)
  }

  @Test("From a failure on nothing of that user is judged within the minute, good or bad")
  func once() {
    let errors = ErrorOncePerUser()
    #expect(Self.ends(errors, 9_999, fails: false, at: 0) == (true, false))
    #expect(Self.ends(errors, 9_999, fails: true, at: 1) == (true, true))
    let rest = (2..<60).map { Self.ends(errors, 9_999, fails: $0 % 2 == 0, at: $0) }
    #expect(rest.allSatisfy { $0 == (false, false) })
    // There was a success since: she is as others are.
    #expect(Self.ends(errors, 9_999, fails: true, at: 60) == (true, true))
  }

  @Test("Whoever only fails is judged every eight minutes, and her failures are told each minute")
  func alone() {
    let errors = ErrorOncePerUser()
    let all = (0..<960).map { Self.ends(errors, 1, fails: true, at: $0) }
    #expect(all.count(where: \.isJudged) == 2)
    #expect(all.count(where: \.isFirstFailure) == 16)
    #expect(Self.ends(errors, 1, fails: false, at: 961) == (true, false))
  }

  @Test("Sides and buckets are apart")
  func apart() {
    let errors = ErrorOncePerUser()
    for side in Side.allCases {
      let all = (0..<10_000).map { Self.ends(errors, $0, side, fails: true, at: 5) }
      #expect(all.allSatisfy { $0 == (true, true) })
    }
    let again = (0..<10_000).map { Self.ends(errors, $0, .legacy, fails: true, at: 59) }
    #expect(again.allSatisfy { $0 == (false, false) })
  }

  @Test("Of a second the first is judged, and the first that fails, whichever that is")
  func second() {
    let errors = ErrorOncePerUser()
    #expect(Self.ends(errors, 3, fails: false, at: 0) == (true, false))
    #expect(Self.ends(errors, 3, fails: false, isFirst: false, at: 0) == (false, false))
    #expect(Self.ends(errors, 3, fails: true, isFirst: false, at: 0) == (true, true))
    #expect(Self.ends(errors, 3, fails: true, isFirst: false, at: 0) == (false, false))
    #expect(Self.ends(errors, 3, fails: false, at: 1) == (false, false))
    var asked = AskedBuckets()
    let first = [3, 3, 4].map { asked.isFirst($0) }
    #expect(first == [true, false, true])
    asked.removeAll()
    let next = asked.isFirst(3)
    #expect(next)
  }

  @Test("Requests that belong to no user are all judged")
  func nobody() {
    let errors = ErrorOncePerUser()
    let all = (0..<5).map { _ in Self.ends(errors, -1, .legacy, fails: true, at: 0) }
    #expect(all.allSatisfy { $0 == (true, true) })
    var asked = AskedBuckets()
    let both = [-1, -1].map { asked.isFirst($0) }
    #expect(both == [true, true])
  }

  @Test("Who was left out before this minute, or asked before in this second, says nothing of it")
  func ignored() {
    let errors = ErrorOncePerUser()
    func isIgnored(fails: Bool, isFirst: Bool = true, at seconds: UInt64) -> Bool {
      errors.end(
        bucket: 7, side: .legacy, hasFailed: fails, isFirst: isFirst, at: seconds * 1_000
      ).isIgnored
    }
    #expect(!isIgnored(fails: false, at: 0))
    #expect(isIgnored(fails: false, isFirst: false, at: 0))
    #expect(!isIgnored(fails: true, isFirst: false, at: 0))
    // She was judged in this minute.
    #expect(!isIgnored(fails: true, at: 59))
    #expect(isIgnored(fails: true, at: 60))
    #expect(isIgnored(fails: false, at: 61))
    #expect(!isIgnored(fails: false, at: 120))
  }

  @Test("A second in which nobody of a side is judged is none that can be compared")
  func exhausted() {
    var counts = RouteCounts(
      legacy: SideCounts(finished: 90, failed: 1),
      extracted: SideCounts(finished: 10, succeeded: 5, judged: (0, 0), keptAway: 2))
    #expect(counts.errors(against: .concurrentLegacy) == BlockCounts(extractedKeptAway: 2))
    #expect(counts.errors(against: .ceiling(0.1)).legacy == 90)
    #expect(counts.failures.extractedBad == 5)
    // Nor that one account fails for longer than a minute.
    counts.extracted = SideCounts(finished: 10, succeeded: 0, judged: (0, 0), ignored: 10)
    #expect(counts.errors(against: .concurrentLegacy).legacyBad == 1)
    // That nobody asked is nothing to be left out for.
    counts.extracted = SideCounts()
    #expect(counts.errors(against: .concurrentLegacy).legacyBad == 1)
  }
}
