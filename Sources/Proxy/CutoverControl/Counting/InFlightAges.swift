// SPDX-License-Identifier: Apache-2.0

/// Judges the requests of one side as slow or not, each once per threshold: as slow when its age
/// passes the threshold, as fast when it ends before.
///
/// Judged at their end only, the requests of a side that hangs would be invisible until they time
/// out.
///
/// Times are milliseconds of one clock that never goes back, and requests begin in its order.
package struct InFlightAges: Sendable, Equatable {
  /// A request that is watched.
  package struct Ticket: Sendable, Equatable {
    fileprivate let number: Int
    fileprivate let start: UInt64
  }

  /// Judged requests and slow ones among them, for one threshold.
  package struct Tally: Sendable, Equatable, Codable {
    package var judged: Int
    package var slow: Int

    package init(judged: Int = 0, slow: Int = 0) {
      self.judged = judged
      self.slow = slow
    }
  }

  private struct Entry: Sendable, Equatable {
    let start: UInt64
    var isUnderWay: Bool
  }

  /// Most requests that are watched while they wait for a verdict; further ones are judged when
  /// they end.
  package static let limit = 16_384

  /// Milliseconds, one for each latency gate; they may change at any time.
  package private(set) var thresholds: [Double]
  private var tallies: [Tally]
  /// A ring of the requests that some threshold has not judged, `first` the oldest's number.
  private var ring: [Entry] = []
  private var first = 0
  private var next = 0
  /// For each threshold the oldest request that it has not judged by age.
  private var cursors: [Int]

  package init(thresholds: [Double]) {
    self.thresholds = thresholds
    tallies = Array(repeating: Tally(), count: thresholds.count)
    cursors = Array(repeating: 0, count: thresholds.count)
  }

  /// Other thresholds, as many as before.
  package mutating func setThresholds(_ values: [Double]) {
    for index in thresholds.indices where index < values.count { thresholds[index] = values[index] }
  }

  /// A request begins.
  package mutating func begin(at now: UInt64) -> Ticket {
    guard next - first < Self.limit else { return Ticket(number: -1, start: now) }
    let entry = Entry(start: now, isUnderWay: true)
    if ring.count < Self.limit, next == ring.count {
      ring.append(entry)
    } else {
      ring[next % Self.limit] = entry
    }
    defer { next += 1 }
    return Ticket(number: next, start: now)
  }

  /// It ends; each ticket once.
  package mutating func end(_ ticket: Ticket, at now: UInt64) {
    for index in thresholds.indices where ticket.number < 0 || ticket.number >= cursors[index] {
      tallies[index].judged += 1
      if age(since: ticket.start, at: now) > thresholds[index] { tallies[index].slow += 1 }
    }
    if ticket.number >= first { ring[ticket.number % Self.limit].isUnderWay = false }
  }

  /// It was given up by its client before anybody could judge it.
  package mutating func abandon(_ ticket: Ticket) {
    if ticket.number >= first { ring[ticket.number % Self.limit].isUnderWay = false }
  }

  /// Judges those that are too old by now and takes the tallies, once a second.
  package mutating func take(at now: UInt64) -> [Tally] {
    for index in thresholds.indices { advance(index, to: now) }
    first = cursors.min() ?? next
    defer { tallies = Array(repeating: Tally(), count: thresholds.count) }
    return tallies
  }

  private mutating func advance(_ index: Int, to now: UInt64) {
    while cursors[index] < next {
      let entry = ring[cursors[index] % Self.limit]
      if entry.isUnderWay {
        guard age(since: entry.start, at: now) > thresholds[index] else { return }
        tallies[index].judged += 1
        tallies[index].slow += 1
      }
      cursors[index] += 1
    }
  }

  private func age(since start: UInt64, at now: UInt64) -> Double {
    now > start ? Double(now - start) : 0
  }
}
