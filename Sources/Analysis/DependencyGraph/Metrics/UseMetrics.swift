// SPDX-License-Identifier: Apache-2.0

/// Metrics of who uses what: use cases that touch services, and services that access tables.
extension MeasuredDivision {
  /// Business context purity; low is good. `fse`: mean over services of the logarithm of the number
  /// of use cases that touch it. `cargo`: mean over services of the entropy of the use cases of its
  /// items, in nats. Nil for other variants. A service that no use case touches counts 0.
  ///
  /// - Parameter useCases: use case and item; items that the graph lacks are left out.
  package func businessContextPurity(
    _ variant: MetricVariant, useCases: [(useCase: String, item: String)]
  ) -> Double? {
    guard variant == .fse || variant == .cargo else { return nil }
    var counts = [[String: Set<Int>]](repeating: [:], count: serviceCount)
    let numbers = numberOfName
    for use in useCases {
      guard let item = numbers[use.item] else { continue }
      counts[partition[item]][use.useCase, default: []].insert(item)
    }
    return mean { service in
      let sizes = counts[service].sorted { $0.key < $1.key }.map { Double($0.value.count) }
      guard !sizes.isEmpty else { return 0 }
      return variant == .fse ? naturalLogarithm(Double(sizes.count)) : entropy(sizes)
    }
  }

  /// Database transaction purity (`cargo`): 1 less the mean over tables of the entropy of the
  /// services that access it, in nats, each accessing item counting once; high is good.
  package func databaseTransactionPurity(
    accesses: [(item: String, table: String)]
  ) -> Double {
    var accessors: [String: Set<Int>] = [:]
    let numbers = numberOfName
    for access in accesses {
      if let item = numbers[access.item] { accessors[access.table, default: []].insert(item) }
    }
    guard !accessors.isEmpty else { return 1 }
    let sum = accessors.sorted { $0.key < $1.key }.reduce(0) { sum, table in
      var counts: [Int: Double] = [:]
      for item in table.value { counts[partition[item], default: 0] += 1 }
      return sum + entropy(counts.sorted { $0.key < $1.key }.map(\.value))
    }
    return 1 - sum / Double(accessors.count)
  }

  private var numberOfName: [String: Int] {
    var numbers: [String: Int] = [:]
    for (number, name) in graph.names.enumerated() { numbers[name] = number }
    return numbers
  }
}

/// Entropy of a distribution given by counts, in nats.
func entropy(_ counts: [Double]) -> Double {
  let all = counts.reduce(0, +)
  guard all > 0 else { return 0 }
  return max(0, -counts.reduce(0) { $0 + entropyTerm($1 / all) })
}
