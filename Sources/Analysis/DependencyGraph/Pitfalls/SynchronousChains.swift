// SPDX-License-Identifier: Apache-2.0

/// The longest chain of services of which each waits for the next. Services that wait for each
/// other count as one link: their ring has a finding of its own.
enum SynchronousChains {
  /// Services in a row from which a chain is long.
  private static let leastServices = 4

  static func find(_ context: PitfallContext) -> [Finding] {
    let links = context.synchronousLinks
    let count = context.assignment.serviceCount
    var successors = [[Int]](repeating: [], count: count)
    for link in links.keys.sorted() { successors[link.from].append(link.to) }
    let components = StrongComponents(successors: successors)
    // A component's number is above those of the components that it reaches.
    var depth = [Int](repeating: 1, count: components.count)
    var best = [PitfallContext.ServiceLink?](repeating: nil, count: components.count)
    let byComponent = Dictionary(grouping: links.keys.sorted()) { components.component[$0.from] }
    for component in 0..<components.count {
      for link in byComponent[component] ?? [] {
        let next = components.component[link.to]
        guard next != component, depth[next] + 1 > depth[component] else { continue }
        depth[component] = depth[next] + 1
        best[component] = link
      }
    }
    guard let start = depth.indices.max(by: { (depth[$0], $1) < (depth[$1], $0) }),
      depth[start] >= leastServices
    else { return [] }
    var path: [PitfallContext.ServiceLink] = []
    var component = start
    while let link = best[component] {
      path.append(link)
      component = components.component[link.to]
    }
    let names = path.map { context.names[$0.from] } + path.suffix(1).map { context.names[$0.to] }
    return [
      Finding(
        id: "synchronous-chain", severity: .warning,
        message: "\(names.joined(separator: " -> ")): a request along this chain waits "
          + "\(path.count) times and fails when any of \(depth[start]) services does; let one of "
          + "the calls become an event, or keep a copy of what it asks for.",
        locations: path.compactMap { links[$0]?.first }
          .map { context.model.references[$0].position },
        weight: Double(path.count))
    ]
  }
}
