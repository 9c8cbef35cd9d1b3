// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Writes what each source of evidence does to a division.
package struct AblationReport: Sendable {
  private let ablation: SignalAblation

  package init(_ ablation: SignalAblation) { self.ablation = ablation }

  /// One division on a line.
  package func text(width: Int, style: TextStyle) -> String {
    var columns = [
      TextTable.Column("evidence", isFlexible: true), TextTable.Column("services", .right),
      TextTable.Column("apart", .right, leaves: 3), TextTable.Column("like all", .right),
      TextTable.Column("stability", .right),
      TextTable.Column("modularity", .right, leaves: 2),
      TextTable.Column("crossing", .right, leaves: 1),
    ]
    let hasTruth = ablation.compared > 0
    if hasTruth {
      columns += [TextTable.Column("MoJoFM", .right), TextTable.Column("ARI", .right)]
    }
    var table = TextTable(columns)
    for row in ablation.rows {
      var cells = [
        row.basis.name, "\(row.services)", "\(row.setApart)", decimal(row.likeness),
        decimal(row.stability), decimal(row.modularity), percent(row.crossing),
      ]
      if let truth = row.truth {
        cells += [decimal(truth.mojoFM), decimal(truth.adjustedRandIndex)]
      }
      table.rows.append(cells)
    }
    var lines = table.lines(width: width, style: style)
    lines.append("")
    var notes =
      "like all: adjusted Rand index with the division by all evidence; 1 where nothing moved."
    if hasTruth {
      notes += " MoJoFM and ARI: against the known area of \(counted(ablation.compared, "type"))."
    }
    if !ablation.absent.isEmpty {
      notes +=
        " This code holds no "
        + ablation.absent.map(\.rawValue).joined(separator: ", no ") + "."
    }
    lines += wrapped(notes, width: width)
    return lines.joined(separator: "\n") + "\n"
  }

  /// The same as a JSON document with the schema `strangler.ablation/1`.
  package var json: String {
    JSONValue.object([
      ("schema", .string("strangler.ablation/1")),
      ("compared", .integer(ablation.compared)),
      ("absent", .array(ablation.absent.map { .string($0.rawValue) })),
      (
        "rows",
        .array(
          ablation.rows.map { row in
            var fields: [(String, JSONValue)] = [
              ("evidence", .string(row.basis.name)), ("services", .integer(row.services)),
              ("setApart", .integer(row.setApart)), ("likeness", .number(row.likeness)),
              ("stability", .number(row.stability)), ("modularity", .number(row.modularity)),
              ("crossing", .number(row.crossing)),
            ]
            if let truth = row.truth {
              fields.append(("mojofm", .number(truth.mojoFM)))
              fields.append(("ari", .number(truth.adjustedRandIndex)))
            }
            return .object(fields)
          })
      ),
    ]).text
  }
}
