// SPDX-License-Identifier: Apache-2.0

/// Services that refer to each other: extracted as they are, neither can be deployed or be down
/// alone. References from and to god types are left out: they close a cycle with everyone, and have
/// a finding of their own.
enum ServiceCycles {
  typealias Side = (service: Int, places: [Int])

  /// Both directions of each pair, with indices of the references.
  static func pairs(_ context: PitfallContext) -> [(first: Side, second: Side)] {
    var places: [Int: [Int: [Int]]] = [:]
    for index in context.crossings.references {
      let reference = context.model.references[index]
      guard !context.godTypes.contains(reference.from), !context.godTypes.contains(reference.to)
      else { continue }
      guard let from = context.assignment[reference.from], let to = context.assignment[reference.to]
      else { continue }
      places[from, default: [:]][to, default: []].append(index)
    }
    var pairs: [(first: Side, second: Side)] = []
    for first in 0..<context.assignment.serviceCount {
      for second in (places[first] ?? [:]).keys.sorted() where second > first {
        guard let there = places[first]?[second], let back = places[second]?[first] else {
          continue
        }
        pairs.append(((first, there), (second, back)))
      }
    }
    return pairs
  }

  static func find(_ context: PitfallContext) -> [Finding] {
    pairs(context).map { finding(context, $0.first, $0.second) }
  }

  private static func finding(
    _ context: PitfallContext, _ first: Side, _ second: Side
  ) -> Finding {
    // The direction that costs less is the one to break; it is named and shown first.
    let (one, other) = (price(context, first), price(context, second))
    let (few, many) =
      (one, first.places.count) <= (other, second.places.count) ? (first, second) : (second, first)
    let (from, to) = (context.names[few.service], context.names[many.service])
    let references = context.model.references
    var seams: [String: Int] = [:]
    for index in few.places {
      let seam = context.crossings.seam(ofReference: index, context.model)
      seams[seam.title, default: 0] += 1
    }
    let ways = seams.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) by \($0.key)" }.joined(separator: ", ")
    return Finding(
      id: "service-cycle", severity: .warning,
      message: "\(from) and \(to) need each other: \(counted(few.places.count, "reference")) from "
        + "\(from) to \(to) and \(many.places.count) back; cutting the first "
        + "\(few.places.count == 1 ? "one" : "\(few.places.count)") (\(ways)) breaks the cycle, "
        + "which is the cheapest way.",
      locations: few.places.map { references[$0].position }
        + many.places.prefix(3).map { references[$0].position },
      // The cheapest way out.
      weight: min(one, other))
  }

  /// Points of effort of cutting one direction: contracts, and places to change.
  private static func price(_ context: PitfallContext, _ side: Side) -> Double {
    let cuts = side.places.compactMap {
      context.crossings.cut(ofReference: $0, context.model, names: context.names)
    }
    return Double(Contract.count(cuts)) + Pitfalls.points(places: cuts.count)
  }
}
