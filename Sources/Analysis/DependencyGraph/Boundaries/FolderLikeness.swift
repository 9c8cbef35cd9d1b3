// SPDX-License-Identifier: Apache-2.0

/// How far the borders repeat the folders, and what they would be without.
struct FolderLikeness {
  /// Part of the units that stand in the folder that their service matches best.
  let share: Double
  /// Adjusted Rand index with the division that does not know the folders; nil where the borders do
  /// not repeat them.
  let withoutFolders: Double?

  /// Share from which the borders repeat the folders.
  static let telling = 0.8
  /// Jaccard index of a folder's and a service's units from which they are the same.
  private static let leastOverlap = 0.5
  /// Runs that the other division rests on: it is only compared.
  private static let runs = 16

  init(
    _ code: PreparedCode, _ division: ServiceDivision, _ options: AnalysisOptions,
    _ workers: Workers
  ) {
    share = Self.share(code, division)
    guard division.runs > 0, share >= Self.telling, options.weights.folders > 0,
      division.serviceCount > 1
    else {
      withoutFolders = nil
      return
    }
    var other = options
    other.weights.folders = 0
    other.runs = min(other.runs, Self.runs)
    let blind = ServiceDivision(code, other, workers)
    let units = division.roles.indices.filter {
      division.roles[$0] == .member && blind.roles[$0] == .member
    }
    func partition(_ division: ServiceDivision) -> Partition {
      Partition(units.map { Int32(division.service[$0] ?? division.serviceCount) })
    }
    withoutFolders = partition(division).adjustedRandIndex(with: partition(blind))
  }

  /// Parts of a type that is taken apart stand where it stands, and do not count.
  private static func share(_ code: PreparedCode, _ division: ServiceDivision) -> Double {
    let facts = code.facts
    let services = facts.units.units.indices.map { unit -> Int? in
      let isPart = code.model.ownerOfPart[facts.units.units[unit].types[0]] != nil
      return division.roles[unit] == .member && !isPart ? division.service[unit] : nil
    }
    var sizes = [Int](repeating: 0, count: division.serviceCount)
    var all = 0
    for case let service? in services {
      sizes[service] += 1
      all += 1
    }
    var best = [(overlap: Double, common: Int)](repeating: (0, 0), count: sizes.count)
    for folder in facts.folders {
      var common: [Int: Int] = [:]
      var size = 0
      for holder in folder.holders {
        guard let service = services[holder.unit] else { continue }
        common[service, default: 0] += 1
        size += 1
      }
      for (service, count) in common {
        let overlap = Double(count) / Double(size + sizes[service] - count)
        guard overlap >= leastOverlap, overlap > best[service].overlap else { continue }
        best[service] = (overlap, count)
      }
    }
    return all == 0 ? 0 : Double(best.reduce(0) { $0 + $1.common }) / Double(all)
  }
}
