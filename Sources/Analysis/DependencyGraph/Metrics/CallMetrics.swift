// SPDX-License-Identifier: Apache-2.0

/// Metrics of calls between services and of the sizes of services.
extension MeasuredDivision {
  /// Inter-call percentage: calls between services by all calls; low is good.
  ///
  /// With v calls of a link, `fse` sums 1 + ln v and leaves out the program's entry and calls of an
  /// item to itself, `cargo` sums v, `rldec` sums ln(1 + v) and counts calls of an item to itself.
  /// Nil for variants that do not define it.
  package func interCallPercentage(_ variant: MetricVariant, entry: Set<Int> = []) -> Double? {
    let weight: (Double) -> Double
    switch variant {
    case .fse: weight = { 1 + naturalLogarithm($0) }
    case .cargo: weight = { $0 }
    case .rldec: weight = { naturalLogarithm(1 + $0) }
    case .chgnn: return nil
    }
    var crossing = 0.0
    var all = 0.0
    for link in graph.links {
      if variant == .fse, entry.contains(link.from) || entry.contains(link.to) { continue }
      let value = weight(link.weight)
      all += value
      if isCrossing(link) { crossing += value }
    }
    if variant == .rldec { all += graph.loops.reduce(0) { $0 + ($1 > 0 ? weight($1) : 0) } }
    return all > 0 ? crossing / all : 0
  }

  /// Interface number; low is good. `fse` counts unordered pairs of items in different services
  /// with a call, `rldec` items that are called from outside their service, both by service;
  /// `chgnn` is the mean over services of the outside items that it is tied to, halved. Nil for
  /// `cargo`.
  package func interfaceNumber(_ variant: MetricVariant) -> Double? {
    guard serviceCount > 0 else { return 0 }
    let crossing = graph.links.filter(isCrossing)
    switch variant {
    case .fse:
      let pairs = Set(crossing.map { [min($0.from, $0.to), max($0.from, $0.to)] })
      return Double(pairs.count) / Double(serviceCount)
    case .rldec:
      return Double(Set(crossing.map(\.to)).count) / Double(serviceCount)
    case .chgnn:
      var outside = [Set<Int>](repeating: [], count: serviceCount)
      for link in crossing {
        outside[partition[link.from]].insert(link.to)
        outside[partition[link.to]].insert(link.from)
      }
      return mean { Double(outside[$0].count) } / 2
    case .cargo: return nil
    }
  }

  /// Non-extreme distribution. `fse`: 1 less the part of the items in services of 5 to 20 items;
  /// `rldec`: 1 less the part of the services with 5 to 19 items; low is good in both. `chgnn`:
  /// part of the items in services within half of the mean size; high is good. Nil for `cargo`.
  package func nonExtremeDistribution(_ variant: MetricVariant) -> Double? {
    guard serviceCount > 0 else { return 0 }
    let items = sizes.reduce(0, +)
    switch variant {
    case .fse: return 1 - sizes.filter { (5...20).contains($0) }.reduce(0, +) / items
    case .rldec: return 1 - mean { (5...19).contains(sizes[$0]) ? 1 : 0 }
    case .chgnn:
      let mean = items / Double(serviceCount)
      return sizes.filter { (mean / 2...mean * 1.5).contains($0) }.reduce(0, +) / items
    case .cargo: return nil
    }
  }
}
