// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// What reports say of what is no service: the remainder of the monolith, and modules.
struct RemainderSentences {
  private static let named = 8
  /// The JSON report lists all of them.
  private static let namedTypes = 12

  private let suggestion: BoundarySuggestion

  init(_ suggestion: BoundarySuggestion) { self.suggestion = suggestion }

  /// One sentence for what remains, one for each service that gets members, one for all modules.
  var all: [String] { remainder + modules }

  private var remainder: [String] {
    guard let remainder = suggestion.remainder else { return [] }
    var lines = [
      "What remains of the monolith (\(remainder.name), no service): "
        + DoubtSentences.listed(remainder.types, most: Self.namedTypes) + "."
    ]
    if remainder.core != nil {
      lines.append(
        "It goes on with \(counted(remainder.routes.count, "route")), "
          + "\(counted(remainder.jobs.count, "job")) and "
          + "\(counted(remainder.tables.owned.count, "table")) of its own; "
          + "\(counted(remainder.tables.shared.count, "table")) of the services "
          + "\(remainder.tables.shared.count == 1 ? "is" : "are") used by it as well.")
    }
    for type in Set(remainder.parts.map(\.type)).sorted() {
      let parts = remainder.parts.filter { $0.type == type }
      let moving = parts.filter { $0.service != nil }
      let targets = Dictionary(grouping: moving) { $0.service ?? "" }
        .sorted { $0.key < $1.key }
        .map { "\($0.key): \($0.value.map(\.member).joined(separator: ", "))" }
      lines.append(
        // Overloads share a name and move as one.
        "\(type) is taken apart: \(moving.count) of its "
          + "\(counted(parts.count, "differently named member")) "
          + "\(moving.count == 1 ? "moves" : "move"). " + targets.joined(separator: "; ")
          + (moving.count < parts.count ? "; the others stay." : "."))
    }
    return lines
  }

  /// Routes that nobody takes along; empty where there are none.
  var routesOfNoService: String {
    let routes = suggestion.routesOfNoService
    guard !routes.isEmpty else { return "" }
    return "\(counted(routes.count, "route")) of no service, which "
      + "\(routes.count == 1 ? "stays" : "stay") with the monolith until a service answers "
      + "\(routes.count == 1 ? "it" : "them"): "
      + DoubtSentences.listed(routes.map { "\($0.method) \($0.path)" }, most: Self.namedTypes)
      + "."
  }

  private var modules: [String] {
    guard !suggestion.modules.isEmpty else { return [] }
    let listed = suggestion.modules.map { module in
      "\(module.name) (\(counted(module.types.count, "type"))"
        + (module.usedBy.isEmpty ? ")" : ", used by \(module.usedBy.joined(separator: ", ")))")
    }
    return [
      "Modules that serve nothing and stay libraries: "
        + DoubtSentences.listed(listed, most: Self.named) + "."
    ]
  }
}
