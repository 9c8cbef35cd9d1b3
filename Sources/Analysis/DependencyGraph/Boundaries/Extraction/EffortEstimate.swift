// SPDX-License-Identifier: Apache-2.0

/// Counts what it takes to free each service.
struct EffortEstimate {
  private let model: CodeModel
  private let units: CodeUnits
  private let assignment: ServiceAssignment
  private let cuts: [Cut]
  private let names: [String]
  /// Transactions across services that each service takes part in.
  private let transactions: [Int]

  init(
    _ model: CodeModel, _ units: CodeUnits, _ assignment: ServiceAssignment, _ cuts: [Cut],
    names: [String]
  ) {
    self.model = model
    self.units = units
    self.assignment = assignment
    self.cuts = cuts
    self.names = names
    var transactions = [Int](repeating: 0, count: assignment.serviceCount)
    for found in SpanningTransaction.all(model, assignment) {
      for service in found.involved(assignment) { transactions[service] += 1 }
    }
    self.transactions = transactions
  }

  /// The services with their efforts.
  func filled(_ services: [Service]) -> [Service] {
    let search = FreeingCut(model, units, assignment, names: names)
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }
    var places: [String: [Int]] = [:]
    for (index, cut) in cuts.enumerated() {
      places[cut.fromService, default: []].append(index)
      if cut.toService != cut.fromService { places[cut.toService, default: []].append(index) }
    }
    return services.map { service in
      var service = service
      service.effort = effort(places[service.name]?.map { cuts[$0] } ?? [])
      if let number = numbers[service.name] {
        service.effort.transactions = transactions[number]
        service.effort.smallestEdit = search.smallestEdit(freeing: number)
      }
      return service
    }
  }

  /// - Parameter own: what crosses the border of the service.
  private func effort(_ own: [Cut]) -> Service.Effort {
    let tables = Set(
      own.compactMap { cut in
        if case .table = cut.kind { cut.target } else { nil }
      })
    return Service.Effort(
      places: own.count, files: Set(own.map(\.location.file)).count,
      contracts: Contract.count(own), tables: tables.count)
  }
}
