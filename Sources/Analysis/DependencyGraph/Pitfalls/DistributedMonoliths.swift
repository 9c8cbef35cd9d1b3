// SPDX-License-Identifier: Apache-2.0

/// Three or more services that wait for each other in a ring: over a network they are one program
/// that is released, and down, together. Two that do have a finding as a cycle.
enum DistributedMonoliths {
  private static let leastServices = 3

  static func find(_ context: PitfallContext) -> [Finding] {
    rings(context).map { finding(context, $0) }
  }

  /// Calls of a ring that holds every service; nil where one at least could be released alone.
  static func callsAmongAll(_ context: PitfallContext) -> Int? {
    let services = Set(0..<context.assignment.serviceCount)
      .subtracting([context.assignment.remainder].compactMap(\.self))
    guard let ring = rings(context).first(where: { services.isSubset(of: $0) }) else { return nil }
    return links(context, inside: Set(ring)).reduce(0) { $0 + $1.value.count }
  }

  private static func rings(_ context: PitfallContext) -> [[Int]] {
    let links = context.synchronousLinks
    var successors = [[Int]](repeating: [], count: context.assignment.serviceCount)
    for link in links.keys.sorted() { successors[link.from].append(link.to) }
    let components = StrongComponents(successors: successors)
    let members = Dictionary(
      grouping: successors.indices, by: { components.component[$0] }
    ).values.filter { $0.count >= leastServices }
    return members.sorted { $0[0] < $1[0] }
  }

  private static func links(
    _ context: PitfallContext, inside services: Set<Int>
  ) -> [PitfallContext.ServiceLink: [Int]] {
    context.synchronousLinks.filter {
      services.contains($0.key.from) && services.contains($0.key.to)
    }
  }

  private static func finding(_ context: PitfallContext, _ services: [Int]) -> Finding {
    let own = links(context, inside: Set(services))
      .sorted { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
    let calls = own.reduce(0) { $0 + $1.value.count }
    let weakest = own.first.map { link, places in
      "; its thinnest link is \(context.names[link.from]) to \(context.names[link.to]) with "
        + counted(places.count, "call")
    }
    return Finding(
      id: "distributed-monolith", severity: .warning,
      message: "\(context.list(services)) wait for each other in a ring of "
        + "\(counted(calls, "call")): none of the \(services.count) could be released or be down "
        + "alone\(weakest ?? "").",
      locations: own.flatMap(\.value).map { context.model.references[$0].position },
      weight: Double(own.count) + Pitfalls.points(places: calls))
  }
}
