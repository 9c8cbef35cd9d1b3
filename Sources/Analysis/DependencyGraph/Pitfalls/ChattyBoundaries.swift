// SPDX-License-Identifier: Apache-2.0

/// Types that call another service at many places: each place is a round trip as soon as the border
/// is a network. Counts places, not calls: a place in a loop is more than it looks.
enum ChattyBoundaries {
  /// Places in one type from which its calls into one service are many.
  private static let leastPlaces = 10
  /// The same in a type that handles requests, where every place adds to the user's wait.
  private static let leastInHandler = 6
  /// Findings at most, those with most places first.
  private static let most = 12

  private struct Key: Hashable {
    var from: TypeID
    var to: Int
  }

  static func find(_ context: PitfallContext) -> [Finding] {
    let model = context.model
    let handlers = Set(model.routes.map(\.handler))
    var places: [Key: [Int]] = [:]
    for index in context.crossings.references {
      let reference = model.references[index]
      guard reference.kind == .call, let to = context.assignment[reference.to],
        context.crossings.seam(ofReference: index, model) == .apiCall
      else { continue }
      places[Key(from: reference.from, to: to), default: []].append(index)
    }
    let many = places.filter { key, found in
      found.count >= (handlers.contains(key.from) ? leastInHandler : leastPlaces)
    }.sorted {
      ($1.value.count, $0.key.from, $0.key.to) < ($0.value.count, $1.key.from, $1.key.to)
    }
    return many.prefix(most).map { key, found in
      let members = Set(found.map { model.references[$0].symbol }).count
      let role = handlers.contains(key.from) ? ", which answers requests," : ""
      return Finding(
        id: "chatty-boundary", severity: .warning,
        message: "\(model.displayName(key.from))\(role) calls \(context.names[key.to]) at "
          + "\(counted(found.count, "place")) (\(counted(members, "different member"))): each is "
          + "a round trip over a network, so let one call answer for several.",
        locations: found.map { model.references[$0].position },
        weight: Double(members) + Pitfalls.points(places: found.count))
    }
  }
}
