// SPDX-License-Identifier: Apache-2.0

/// Compares two tables by reading both in whatever order they have, a pass at a time: digests of
/// ranges first, then the rows of ranges that differ, then the values of rows that are shown. Where
/// both servers can hash all of their rows themselves they are asked for that before.
///
/// Two tables without a difference are read once, or not at all. Memory is bounded: by the ranges,
/// by `Limits.rows` and by `Limits.listed`. Each pass has to see the same rows as the one before.
package struct Verification: Sendable {
  package struct Limits: Sendable, Hashable {
    /// Most rows of each kind that are shown with their values; all are counted.
    package var listed = 20
    /// Rows whose digests are kept at once.
    package var rows = 2_000_000
    /// Most rows that differ whose keys are remembered.
    package var remembered = 100_000

    package init() {}
  }

  /// What to do next, with both tables.
  package enum Step: Sendable, Hashable {
    /// Ask both servers for the hash of all their rows.
    case ask
    /// Read all rows into a `TableDigest`.
    case digest
    /// Take the digests, meanings too, of all rows in these ranges.
    case collect(RangeSet)
    /// Take the cells of rows with these keys.
    case gather(Set<UInt64>)
    case done
  }

  package private(set) var step: Step
  package private(set) var counts = DriftCounts()
  /// Of each table; 0 before they were read.
  package private(set) var rows = (legacy: 0, new: 0)
  /// All of each table as one digest.
  package private(set) var digests = (legacy: RangeDigest(), new: RangeDigest())
  /// By kind, and by key within; at most `Limits.listed` of each kind.
  package private(set) var drifts: [Drift] = []

  /// Digests of the keys of rows that differ, at most `Limits.remembered`.
  package private(set) var differing: Set<UInt64> = []

  private let limits: Limits
  /// Ranges that differ and were not looked into yet, in batches.
  private var batches: [RangeSet] = []
  private var listed: [Drift.Kind: [UInt64]] = [:]

  /// - Parameter asksServers: whether both can hash their rows themselves.
  package init(_ limits: Limits = Limits(), asksServers: Bool = false) {
    self.limits = limits
    step = asksServers ? .ask : .digest
  }

  package var isEqual: Bool { counts.all == 0 }

  // MARK: - Hashes

  /// What both servers answered; nil where one of them cannot.
  package mutating func answered(_ hashes: (legacy: RangeDigest, new: RangeDigest)?) {
    guard let hashes, hashes.legacy == hashes.new else {
      step = .digest
      return
    }
    rows = (Int(hashes.legacy.count), Int(hashes.new.count))
    digests = hashes
    step = .done
  }

  // MARK: - Ranges

  /// What the first pass found.
  package mutating func digested(legacy: TableDigest, new: TableDigest) {
    rows = (legacy.rows, new.rows)
    digests = (legacy.whole, new.whole)
    var (batch, weight): ([Int], Int) = ([], 0)
    for range in 0..<TableDigest.ranges where legacy[range] != new[range] {
      let count = Int(legacy[range].count + new[range].count)
      if !batch.isEmpty, weight + count > limits.rows {
        batches.append(RangeSet(batch))
        (batch, weight) = ([], 0)
      }
      batch.append(range)
      weight += count
    }
    if !batch.isEmpty { batches.append(RangeSet(batch)) }
    batches.reverse()
    goOn()
  }

  private mutating func goOn() {
    if let batch = batches.popLast() {
      step = .collect(batch)
    } else if listed.isEmpty {
      step = .done
    } else {
      step = .gather(Set(listed.values.joined()))
    }
  }

  // MARK: - Rows

  /// The rows of the ranges that were asked for, in any order.
  package mutating func collected(legacy: [RowDigest], new: [RowDigest]) {
    let one = legacy.sorted(by: Self.isBefore)
    let other = new.sorted(by: Self.isBefore)
    var (left, right) = (0, 0)
    while left < one.count || right < other.count {
      let key = min(
        left < one.count ? one[left].key : .max, right < other.count ? other[right].key : .max)
      let ends = (
        one[left...].firstIndex { $0.key != key } ?? one.count,
        other[right...].firstIndex { $0.key != key } ?? other.count
      )
      compare(one[left..<ends.0], other[right..<ends.1])
      (left, right) = ends
    }
    goOn()
  }

  private static func isBefore(_ one: RowDigest, _ other: RowDigest) -> Bool {
    (one.key, one.row) < (other.key, other.row)
  }

  /// Rows whose keys have one digest: one of each side, but for a chance of 2^-64.
  private mutating func compare(_ legacy: ArraySlice<RowDigest>, _ new: ArraySlice<RowDigest>) {
    if legacy.count == 1, new.count == 1, let one = legacy.first, let other = new.first {
      if one.row != other.row { found(one, other) }
      return
    }
    var rest = Array(new)
    let unmatched = legacy.filter { one in
      guard let index = rest.firstIndex(where: { $0.row == one.row }) else { return true }
      rest.remove(at: index)
      return false
    }
    for (one, other) in zip(unmatched, rest) { found(one, other) }
    for one in unmatched.dropFirst(rest.count) { count(.missing, one.key) }
    for other in rest.dropFirst(unmatched.count) { count(.extra, other.key) }
  }

  private mutating func found(_ one: RowDigest, _ other: RowDigest) {
    count(one.meaning == other.meaning ? .encoding : .differs, one.key)
  }

  private mutating func count(_ kind: Drift.Kind, _ key: UInt64) {
    counts[kind] += 1
    if differing.count < limits.remembered { differing.insert(key) }
    if listed[kind, default: []].count < limits.listed { listed[kind, default: []].append(key) }
  }

  // MARK: - Columns

  /// The rows whose keys were asked for.
  package mutating func gathered(
    _ columns: RowDigests, legacy: [UInt64: [RowDigests.Cell]],
    new: [UInt64: [RowDigests.Cell]]
  ) {
    drifts = Drift.Kind.allCases.flatMap { kind in
      (listed[kind] ?? []).map { key in
        Drift(kind, columns, legacy: legacy[key], new: new[key])
      }.sorted(by: Drift.isBefore)
    }
    step = .done
  }
}
