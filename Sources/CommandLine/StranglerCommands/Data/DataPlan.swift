// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import ControlPlane
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// What would be copied, in which order, by which SQL.
struct DataPlan: Encodable {
  /// In the order in which they are filled.
  let tables: [DataTablePlan]
  let warnings: [String]

  var text: String {
    (tables.enumerated().map { $0.element.text($0.offset + 1) }
      + (warnings.isEmpty ? [] : [warnings.map { "warning: \($0)\n" }.joined()]))
      .joined(separator: "\n")
  }

  /// Draws it up of both stores, writing nothing.
  ///
  /// - Parameter names: of the mappings; empty for all.
  init(
    _ settings: DataSettings, only names: Set<String> = [], _ opened: OpenedStores,
    _ decoded: DecodedData, chunkRows: Int, within limit: StatementLimit, _ progress: ProgressLine
  ) async throws {
    let check = DataCheck(settings, schemas: opened.schemas, only: names)
    let errors = check.findings.filter { $0.severity == .error }
    guard errors.isEmpty else { throw MappingOption.unusable(decoded.placing(errors)) }
    let ordered = check.order.mappings + check.order.circle
    var tables: [DataTablePlan] = []
    for (index, mapping) in ordered.enumerated() {
      progress.update("rows of \(mapping.mapping.legacy)", done: index, of: ordered.count)
      guard let statements = MappingStatements(mapping),
        let store = opened.stores[mapping.mapping.legacy.store]
      else { continue }
      let estimate = try await store.estimate(statements, within: limit.duration)
      tables.append(DataTablePlan(mapping, statements, estimate, chunkRows: chunkRows))
    }
    var splits: [String] = []
    for mapping in settings.mappings where names.isEmpty || names.contains(mapping.name) {
      splits += try await opened.splits(mapping, settings, within: limit.duration)
    }
    self.tables = tables
    warnings = Self.warnings(check) + splits
  }

  private static func warnings(_ check: DataCheck) -> [String] {
    let circle = check.order.circle.map { $0.mapping.new.description }
    let refers = check.unfilled.map { mapping, table in
      "rows of \(mapping.mapping.new) refer to \(table), which no mapping fills"
    }
    return refers + check.findings.filter { $0.severity == .warning }.map(\.text)
      + (circle.isEmpty
        ? []
        : [
          "\(circle.joined(separator: ", ")) refer to each other; let all of them follow before the "
            + "backfill, so that rows which come too early are carried over as changes"
        ])
  }
}

extension DataTablePlan {
  fileprivate init(
    _ check: MappingCheck, _ statements: MappingStatements, _ estimate: RowEstimate?,
    chunkRows: Int
  ) {
    let precision =
      switch estimate {
      case .exactly: "exactly"
      case .about: "about"
      case .atLeast: "at least"
      case nil: "unknown"
      }
    let carried = Set(check.translation?.carriedColumns ?? [])
    self.init(
      mapping: check.mapping.name, from: check.mapping.legacy.description,
      to: check.mapping.new.description, key: check.newKey,
      amount: Amount(rows: estimate?.rows, precision: precision, chunkRows: chunkRows),
      columns: check.mapping.columns.map { column in
        Column(
          name: column.name, from: column.rule.description,
          isReversed: carried.contains(column.name))
      },
      left: check.mapping.left,
      reverse: check.mapping.isReversed ? check.translation?.reverseColumns ?? [] : [],
      statements: Statements(
        reads: statements.chunk(rows: chunkRows), writes: statements.addsNamed,
        changes: statements.writesNew, reverseWrites: statements.writesLegacy))
  }

  fileprivate func text(_ number: Int) -> String {
    let amount =
      rows.map { "\(precision == "exactly" ? "" : precision + " ")\($0) rows" }
      ?? "too many rows to count in time"
    let parts = chunks.map { ", \($0) \($0 == 1 ? "chunk" : "chunks") of \(chunkRows)" } ?? ""
    var lines = [
      "\(number). \(mapping): \(from) to \(to)", "   \(amount)\(parts) by \(list(key))",
    ]
    for column in columns {
      lines.append(
        "   \(column.name) from \(column.from)"
          + (column.isReversed || reverse.isEmpty ? "" : ", not carried back"))
    }
    if !left.isEmpty { lines.append("   left behind: \(list(left))") }
    lines.append(
      reverse.isEmpty ? "   no reverse stream" : "   the reverse stream writes \(list(reverse))")
    lines.append("   read by")
    lines += indented(reads)
    lines.append("   written by")
    lines += indented(writes)
    lines.append("   changes written by")
    lines += indented(changes)
    if let reverseWrites {
      lines.append("   written back by")
      lines += indented(reverseWrites)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

  private func indented(_ sql: String) -> [String] {
    sql.split(separator: "\n").map { "     \($0)" }
  }
}
