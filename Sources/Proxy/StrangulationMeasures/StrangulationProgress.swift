// SPDX-License-Identifier: Apache-2.0

/// How much of a monolith is left, by five measures that are never added up: a type, a route, a
/// request, a table and an event have no common unit, and one number for all of them would be made
/// up.
///
/// Shape as JSON: `schema`, `measures [{name, counts [{unit, extracted, underWay, legacy, unknown,
/// total, share}], parts [{name, state, counts, note}], unknown [{what, how}], next {text, command}
/// or null}]`. There are always five measures, in the order of `ProgressMeasure.Name`; one of which
/// nothing is known has no counts, and says what would make it known. `share` is `extracted` of
/// `total`, from 0 to 1, and null where `total` is 0. `fixtures/schemas/status.schema.json` is the
/// contract.
package struct StrangulationProgress: Sendable, Hashable, Encodable {
  /// Value of the key `schema`.
  package static let schema = "strangler.status/1"

  package let schema = Self.schema
  package let measures: [ProgressMeasure]

  private enum CodingKeys: CodingKey { case schema, measures }

  package init(
    code: ProgressMeasure, routes: ProgressMeasure, traffic: ProgressMeasure,
    tables: ProgressMeasure, events: ProgressMeasure
  ) {
    measures = [code, routes, traffic, tables, events]
  }

  package subscript(name: ProgressMeasure.Name) -> ProgressMeasure? {
    measures.first { $0.name == name }
  }
}

/// One way to look at what is left.
package struct ProgressMeasure: Sendable, Hashable, Encodable {
  package enum Name: String, Sendable, Hashable, CaseIterable, Encodable {
    case code, routes, traffic, tables, events
  }

  /// A service, route, mapping or table.
  package struct Part: Sendable, Hashable, Encodable {
    package let name: String
    /// A word or a few for people.
    package let state: String
    package let counts: [ProgressCount]
    /// What else has to be said; empty for nothing.
    package let note: String

    package init(_ name: String, _ state: String, _ counts: [ProgressCount], note: String = "") {
      (self.name, self.state, self.counts, self.note) = (name, state, counts, note)
    }
  }

  /// Something that was not looked at, or cannot be told.
  package struct Unknown: Sendable, Hashable, Encodable {
    package let what: String
    /// The command or option that would make it known.
    package let how: String

    package init(_ what: String, how: String) { (self.what, self.how) = (what, how) }
  }

  /// What to do next.
  package struct Step: Sendable, Hashable, Encodable {
    package let text: String
    /// Nil where it is nothing that a command does.
    package let command: String?

    package init(_ text: String, command: String? = nil) {
      (self.text, self.command) = (text, command)
    }

    private enum CodingKeys: CodingKey { case text, command }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(text, forKey: .text)
      try container.encode(command, forKey: .command)
    }
  }

  package let name: Name
  /// Sums over `parts`, by unit, the most telling unit first; empty where nothing is known.
  package let counts: [ProgressCount]
  package let parts: [Part]
  package let unknown: [Unknown]
  /// Nil where nothing is left to do.
  package let next: Step?

  package init(_ name: Name, _ parts: [Part], unknown: [Unknown] = [], next: Step?) {
    (self.name, self.parts, self.unknown, self.next) = (name, parts, unknown, next)
    counts = ProgressCount.sums(parts.flatMap(\.counts))
  }

  private enum CodingKeys: CodingKey { case name, counts, parts, unknown, next }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(counts, forKey: .counts)
    try container.encode(parts, forKey: .parts)
    try container.encode(unknown, forKey: .unknown)
    try container.encode(next, forKey: .next)
  }
}

/// An amount of something, by where it is.
package struct ProgressCount: Sendable, Hashable, Encodable {
  package let unit: String
  package private(set) var extracted: Double
  package private(set) var underWay: Double
  package private(set) var legacy: Double
  /// It is there, and nobody could say where it stands.
  package private(set) var unknown: Double

  package init(
    _ unit: String, extracted: Double = 0, underWay: Double = 0, legacy: Double = 0,
    unknown: Double = 0
  ) {
    self.unit = unit
    self.extracted = extracted
    self.underWay = underWay
    self.legacy = legacy
    self.unknown = unknown
  }

  package var total: Double { extracted + underWay + legacy + unknown }
  /// What is extracted of all, 0 to 1; nil of nothing.
  package var share: Double? { total > 0 ? extracted / total : nil }

  /// One of each unit, in the order in which units come first.
  package static func sums(_ counts: [ProgressCount]) -> [ProgressCount] {
    var sums: [ProgressCount] = []
    for count in counts {
      guard let index = sums.firstIndex(where: { $0.unit == count.unit }) else {
        sums.append(count)
        continue
      }
      sums[index].extracted += count.extracted
      sums[index].underWay += count.underWay
      sums[index].legacy += count.legacy
      sums[index].unknown += count.unknown
    }
    return sums
  }

  private enum CodingKeys: CodingKey {
    case unit, extracted, underWay, legacy, unknown, total, share
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(unit, forKey: .unit)
    try container.encode(extracted, forKey: .extracted)
    try container.encode(underWay, forKey: .underWay)
    try container.encode(legacy, forKey: .legacy)
    try container.encode(unknown, forKey: .unknown)
    try container.encode(total, forKey: .total)
    try container.encode(share, forKey: .share)
  }
}
