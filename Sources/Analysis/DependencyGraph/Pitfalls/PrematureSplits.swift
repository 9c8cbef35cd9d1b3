// SPDX-License-Identifier: Apache-2.0

/// Services whose border does not hold: more crosses it than stays inside, or noise moves it.
enum PrematureSplits {
  /// Stability below which the border is an accident of the run.
  private static let leastStability = 0.5

  /// A service that is not ready, and why.
  struct Unready {
    var name: String
    var number: Int
    var crossing: Int
    var doubts: [String]
  }

  static func all(_ context: PitfallContext, _ services: [Service], runs: Int) -> [Unready] {
    guard services.count > 1 else { return [] }
    let counts = BorderCounts(context.model, context.assignment)
    return services.compactMap { service in
      guard let number = context.numbers[service.name] else { return nil }
      let (inner, outer) = (counts.inner[number], counts.outer(number))
      var doubts: [String] = []
      if outer > inner {
        doubts.append(
          "\(counted(outer, "reference")) \(outer == 1 ? "crosses" : "cross") its border and "
            + "\(inner) \(inner == 1 ? "stays" : "stay") inside")
      }
      if service.scores.stability < leastStability {
        doubts.append(
          "its border has stability \(decimal(service.scores.stability)) over "
            + counted(runs, "run"))
      }
      guard !doubts.isEmpty else { return nil }
      return Unready(name: service.name, number: number, crossing: outer, doubts: doubts)
    }
  }

  static func find(
    _ context: PitfallContext, _ unready: [Unready], _ decision: Verdict.Decision
  ) -> [Finding] {
    let verdict = decision == .doNotSplit ? ", and the whole is not ready either" : ""
    return unready.map { service in
      Finding(
        id: "premature-split", severity: .warning,
        message: "\(service.name) is not ready to be a service: "
          + service.doubts.joined(separator: "; ") + verdict
          + ". Untangle it inside the monolith first.",
        locations: context.firstPositions(of: service.number, most: 3),
        weight: Pitfalls.points(places: service.crossing))
    }
  }
}
