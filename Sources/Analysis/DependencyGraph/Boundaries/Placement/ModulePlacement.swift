// SPDX-License-Identifier: Apache-2.0

/// Places what no evidence ties to anything: units in clusters too small to be a service join the
/// largest cluster of their module, or of all where the module has none.
struct ModulePlacement: Sendable {
  private let isMember: [Bool]
  private let moduleOfUnit: [String]

  init(_ model: CodeModel, _ facts: UnitFacts, isMember: [Bool]) {
    self.isMember = isMember
    moduleOfUnit = facts.units.units.map { model.files[Int($0.file.index)].module }
  }

  /// - Parameter partition: a division of nodes of which the first are the units.
  func placed(_ partition: Partition) -> Partition {
    var sizes = [Int](repeating: 0, count: partition.count)
    var ofModule: [String: [Int: Int]] = [:]
    for unit in isMember.indices where isMember[unit] {
      sizes[partition[unit]] += 1
      ofModule[moduleOfUnit[unit], default: [:]][partition[unit], default: 0] += 1
    }
    let hosts = sizes.indices.filter { sizes[$0] >= ServiceDivision.leastUnits }
    guard let largest = hosts.max(by: { (sizes[$0], $1) < (sizes[$1], $0) }) else {
      return partition
    }
    func host(of module: String) -> Int {
      let known = (ofModule[module] ?? [:]).filter { sizes[$0.key] >= ServiceDivision.leastUnits }
      return known.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? largest
    }
    var hostOfModule: [String: Int] = [:]
    var labels = partition.labels
    for unit in isMember.indices
    where isMember[unit] && sizes[partition[unit]] < ServiceDivision.leastUnits {
      let module = moduleOfUnit[unit]
      let found = hostOfModule[module] ?? host(of: module)
      hostOfModule[module] = found
      labels[unit] = Int32(found)
    }
    return Partition(labels)
  }
}
