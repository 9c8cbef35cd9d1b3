// SPDX-License-Identifier: Apache-2.0

/// How long nothing was sent after the owner of a relay had died.
package struct RelayRecovery: Sendable, Equatable, Codable {
  /// Milliseconds, of those deaths that nothing else was in the way of.
  package private(set) var median: Int64 = 0
  package private(set) var longest: Int64 = 0
  package private(set) var count = 0

  /// - Parameters:
  ///   - deaths: when owners died, nanoseconds.
  ///   - sent: when events were sent, nanoseconds.
  ///   - outages: when a server was away; what overlaps with one does not count.
  package init(deaths: [Int64], sent: [Int64], outages: [ClosedRange<Int64>]) {
    let sent = sent.sorted()
    var times: [Int64] = []
    for death in deaths {
      guard let next = Self.first(above: death, in: sent) else { continue }
      if outages.contains(where: { $0.overlaps(death...next) }) { continue }
      times.append((next - death) / 1_000_000)
    }
    times.sort()
    count = times.count
    guard let last = times.last else { return }
    median = times[times.count / 2]
    longest = last
  }

  private static func first(above time: Int64, in sorted: [Int64]) -> Int64? {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] > time { high = middle } else { low = middle + 1 }
    }
    return low < sorted.count ? sorted[low] : nil
  }
}
