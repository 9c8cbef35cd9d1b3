// SPDX-License-Identifier: Apache-2.0

/// What is known of the monolith's tables.
package struct TableEvidence: Sendable, Hashable {
  /// A mapping with where it is on its way.
  package struct Mapping: Sendable, Hashable {
    package var name: String
    /// Legacy's table.
    package var table: String
    /// A state of `strangler data status`; nil where a store could not be read.
    package var state: String?
    /// Who takes the writes once it is reached.
    package var isExtracted: Bool
    package var isBegun: Bool
    package var isLast: Bool
    /// Changes that wait to be carried over, and how many were refused.
    package var waiting: Int
    package var refused: Int
    /// Why a store could not be read.
    package var failure: String?

    package init(
      _ name: String, table: String, state: String?, isExtracted: Bool = false,
      isBegun: Bool = false, isLast: Bool = false, waiting: Int = 0, refused: Int = 0,
      failure: String? = nil
    ) {
      (self.name, self.table, self.state) = (name, table, state)
      (self.isExtracted, self.isBegun, self.isLast) = (isExtracted, isBegun, isLast)
      (self.waiting, self.refused, self.failure) = (waiting, refused, failure)
    }
  }

  package var mappings: [Mapping]
  /// Tables that the sources use; nil without an analysis.
  package var known: [String]?
  /// Why the mappings are not known; nil where they are.
  package var failure: String?

  package init(_ mappings: [Mapping], known: [String]?, failure: String? = nil) {
    (self.mappings, self.known, self.failure) = (mappings, known, failure)
  }

  /// Tables that the sources use and no mapping names.
  package var unmapped: [String] {
    let mapped = Set(mappings.map { Self.plain($0.table) })
    return (known ?? []).filter { !mapped.contains(Self.plain($0)) }
  }

  /// Without a schema, which sources often leave out, and as databases fold it.
  private static func plain(_ table: String) -> String {
    (table.split(separator: ".").last.map(String.init) ?? table).lowercased()
  }
}

extension TableEvidence {
  /// Which store takes the writes of each table.
  package var measure: ProgressMeasure {
    var parts = byTable.map(part)
    if failure == nil || known != nil {
      parts += unmapped.map { table in
        failure == nil
          ? ProgressMeasure.Part(table, "not mapped", [ProgressCount("tables", legacy: 1)])
          : ProgressMeasure.Part(table, "not known", [ProgressCount("tables", unknown: 1)])
      }
    }
    return ProgressMeasure(.tables, parts, unknown: unknown, next: next)
  }

  /// A table is one, however many mappings it has: one a range of tenants, say.
  private var byTable: [[Mapping]] {
    var tables: [String] = []
    for mapping in mappings where !tables.contains(mapping.table) { tables.append(mapping.table) }
    return tables.map { table in mappings.filter { $0.table == table } }
  }

  private func part(_ mappings: [Mapping]) -> ProgressMeasure.Part {
    let table = mappings.first?.table ?? ""
    let count =
      if mappings.contains(where: { $0.state == nil }) {
        ProgressCount("tables", unknown: 1)
      } else if mappings.allSatisfy(\.isExtracted) {
        ProgressCount("tables", extracted: 1)
      } else if mappings.contains(where: \.isBegun) {
        ProgressCount("tables", underWay: 1)
      } else {
        ProgressCount("tables", legacy: 1)
      }
    let isAlone = mappings.count == 1
    let states = mappings.map { ($0.state ?? "not known") + (isAlone ? "" : " (\($0.name))") }
    let notes = mappings.compactMap { mapping -> String? in
      if let failure = mapping.failure { return failure }
      let waiting = mapping.waiting > 0 ? ["\(mapping.waiting) changes waiting"] : []
      let refused = mapping.refused > 0 ? ["changes refused"] : []
      let said = waiting + refused
      if said.isEmpty { return nil }
      return (isAlone ? "" : "\(mapping.name): ") + said.joined(separator: ", ")
    }
    return ProgressMeasure.Part(
      table, states.joined(separator: ", "), [count], note: notes.joined(separator: "; "))
  }

  private var unknown: [ProgressMeasure.Unknown] {
    var unknown: [ProgressMeasure.Unknown] = []
    if let failure {
      unknown.append(
        .init("which tables move: \(failure)", how: "--config FILE with a section data"))
    }
    if mappings.contains(where: { $0.state == nil }) {
      unknown.append(
        .init("where some mappings are: a store cannot be read", how: "strangler data status"))
    }
    if known == nil {
      unknown.append(
        .init("tables that no mapping names", how: "--sources PATH, or --analysis FILE"))
    }
    return unknown
  }

  private var next: ProgressMeasure.Step? {
    if mappings.contains(where: { $0.state == nil }) {
      return .init("see why a store cannot be read", command: "strangler data status")
    }
    if let refused = mappings.first(where: { $0.refused > 0 }) {
      return .init(
        "see which changes of \(refused.name) were refused",
        command: "strangler data status --mapping \(refused.name)")
    }
    let begun = mappings.filter { $0.state != nil && $0.isBegun && !$0.isExtracted }
    if let first = begun.first ?? mappings.first(where: { $0.state != nil && !$0.isBegun }) {
      return .init(
        "move \(first.name) on from \(first.state ?? "")",
        command: "strangler data advance \(first.name) --reason WHY")
    }
    if failure == nil || mappings.isEmpty, let table = unmapped.first {
      return .init("map \(table) in the section data", command: "strangler data check")
    }
    if let done = mappings.first(where: { $0.isExtracted && !$0.isLast }) {
      return .init(
        "retire \(done.name) once nobody wants to go back: there is no way back from that",
        command: "strangler data retire \(done.name) --reason WHY --dry-run")
    }
    return failure == nil ? nil : .init("say in the section data which tables move")
  }
}
