// SPDX-License-Identifier: Apache-2.0

/// Types that most services use: helpers to publish as a library, before every service copies them.
enum SharedHubs {
  /// Share of the services that must use the type.
  static let serviceShare = 0.6
  /// Services below which "most" means nothing.
  static let leastServices = 3

  static func find(_ context: PitfallContext) -> [Finding] {
    let model = context.model
    // What remains of the monolith is no service.
    let remainder = context.assignment.remainder
    let count = context.assignment.serviceCount - (remainder == nil ? 0 : 1)
    guard count >= leastServices else { return [] }
    let needed = max(leastServices, Int((serviceShare * Double(count)).rounded(.up)))
    var services = [Set<Int>](repeating: [], count: model.types.count)
    var users = [Int](repeating: 0, count: model.types.count)
    var references = users
    for link in context.typeLinks {
      guard let service = context.assignment[link.from], service != remainder else { continue }
      let target = Int(link.to.index)
      services[target].insert(service)
      users[target] += 1
      references[target] += link.references
    }
    return model.types.indices.compactMap { index in
      guard services[index].count >= needed else { return nil }
      let id = TypeID(index)
      let home = context.assignment[id]
      let advice =
        switch home {
        case nil: "it uses no area itself and can become a shared library"
        case remainder where !context.assignment.isHeld(id):
          "it stays with the monolith, so each of them needs a seam"
        case remainder: "it stays with the monolith, and each service makes an instance of its own"
        case .some(let service):
          "it belongs to \(context.names[service]), so each of the others needs a seam"
        }
      return Finding(
        id: "shared-hub", severity: home == nil || context.assignment.isHeld(id) ? .note : .warning,
        message: "\(model.displayName(id)) is used by \(counted(users[index], "type")) in "
          + "\(services[index].count) of \(count) services "
          + "(\(counted(references[index], "reference"))): "
          + advice + ".",
        locations: [model.types[index].position],
        weight: Pitfalls.points(places: references[index]))
    }
  }
}
