// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores

/// What would be copied, in which order, by which SQL.
struct DataPlan: Encodable {
  struct Column: Encodable {
    let name: String
    let from: String
    /// Whether the reverse stream carries it.
    let isReversed: Bool
  }

  struct Table: Encodable {
    let mapping: String
    let from: String
    let to: String
    let key: [String]
    /// Nil where counting took too long.
    let rows: Int?
    /// `exactly`, `about`, `at least` or `unknown`.
    let precision: String
    let chunkRows: Int
    let chunks: Int?
    let columns: [Column]
    let left: [String]
    /// Legacy columns that the reverse stream writes; empty without one.
    let reverse: [String]
    let reads: String
    /// By the backfill, which changes no row.
    let writes: String
    /// By whoever carries changes over.
    let changes: String
    let reverseWrites: String?

    init(
      _ check: MappingCheck, _ statements: MappingStatements, _ estimate: RowEstimate?,
      chunkRows: Int
    ) {
      mapping = check.mapping.name
      from = check.mapping.legacy.description
      to = check.mapping.new.description
      key = check.newKey
      rows = estimate?.rows
      precision =
        switch estimate {
        case .exactly: "exactly"
        case .about: "about"
        case .atLeast: "at least"
        case nil: "unknown"
        }
      self.chunkRows = chunkRows
      chunks = estimate.map { ($0.rows + chunkRows - 1) / chunkRows }
      let carried = Set(check.translation?.carriedColumns ?? [])
      columns = check.mapping.columns.map { column in
        Column(
          name: column.name, from: column.rule.description,
          isReversed: carried.contains(column.name))
      }
      left = check.mapping.left
      reverse = check.mapping.isReversed ? check.translation?.reverseColumns ?? [] : []
      reads = statements.chunk(rows: chunkRows)
      writes = statements.addsNamed
      changes = statements.writesNew
      reverseWrites = statements.writesLegacy
    }

    func text(_ number: Int) -> String {
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

  /// In the order in which they are filled.
  let tables: [Table]
  let warnings: [String]

  var text: String {
    (tables.enumerated().map { $0.element.text($0.offset + 1) }
      + (warnings.isEmpty ? [] : [warnings.map { "warning: \($0)\n" }.joined()]))
      .joined(separator: "\n")
  }
}
