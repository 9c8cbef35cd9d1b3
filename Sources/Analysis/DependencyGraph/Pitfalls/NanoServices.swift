// SPDX-License-Identifier: Apache-2.0

/// Services so small that running them costs more than having them apart gains.
enum NanoServices {
  static let mostTypes = 5
  static let mostRoutes = 2
  static let mostTables = 1

  static func find(_ context: PitfallContext, _ services: [Service]) -> [Finding] {
    guard services.count > 1 else { return [] }
    var shared = [[Int: Int]](repeating: [:], count: context.assignment.serviceCount)
    for pair in context.crossings.pairs(context.model) {
      shared[pair.from][pair.to, default: 0] += 1
      shared[pair.to][pair.from, default: 0] += 1
    }
    return services.compactMap { service in
      guard service.types.count <= mostTypes, service.routes.count <= mostRoutes,
        service.tables.owned.count <= mostTables,
        let number = context.numbers[service.name]
      else { return nil }
      let closest = shared[number].max { ($0.value, $1.key) < ($1.value, $0.key) }
      let advice = closest.map { other, count in
        "keep it with \(context.names[other]), to which \(counted(count, "place")) "
          + "\(count == 1 ? "ties" : "tie") it"
      }
      return Finding(
        id: "nano-service", severity: .note,
        message: "\(service.name) has \(counted(service.types.count, "type")), "
          + "\(counted(service.routes.count, "route")) and "
          + "\(counted(service.tables.owned.count, "table")): less than a service is worth; "
          + "\(advice ?? "nothing ties it to another service").",
        locations: context.firstPositions(of: number, most: mostTypes))
    }
  }
}

extension PitfallContext {
  /// Where the first types of a service stand.
  func firstPositions(of service: Int, most: Int) -> [SourcePosition] {
    typesOfService[service].prefix(most).map { model.types[$0].position }
  }
}
