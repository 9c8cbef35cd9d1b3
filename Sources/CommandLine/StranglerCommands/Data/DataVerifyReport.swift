// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import ShadowComparison

/// What `strangler data verify` found; its JSON is described by
/// `fixtures/schemas/data-verify.schema.json`.
struct DataVerifyReport: Encodable {
  struct Column: Encodable {
    let name: String
    let legacy: String?
    let new: String?
    let refusal: String?

    private enum CodingKeys: CodingKey { case name, legacy, new, refusal }

    init(_ column: Drift.Column) {
      (name, legacy, new, refusal) = (column.name, column.legacy, column.new, column.refusal)
    }

    /// What is not there is null.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(legacy, forKey: .legacy)
      try container.encode(new, forKey: .new)
      try container.encode(refusal, forKey: .refusal)
    }
  }

  struct Row: Encodable {
    let kind: String
    /// Such as `id = 17`.
    let key: String
    let columns: [Column]

    init(_ drift: Drift) {
      kind = drift.kind.rawValue
      key = drift.place
      columns = drift.columns.map(Column.init)
    }

    /// `differs   id = 17: total is 12.5 in legacy, 12 on the new side`.
    var text: String {
      let kind = kind + String(repeating: " ", count: max(0, 9 - kind.count))
      let details = columns.map { column in
        let reason = column.refusal.map { ", which has nothing to become: \($0)" } ?? ""
        return "\(column.name) is \(column.legacy ?? "") in legacy\(reason), "
          + "\(column.new ?? "") on the new side"
      }
      let isWhole = ["missing", "extra"].contains(self.kind)
      return "  \(kind) \(key)" + (isWhole ? "" : ": " + details.joined(separator: "; "))
    }
  }

  struct Digest: Encodable {
    let rows: Int
    /// In hexadecimal.
    let sum: String
    let xor: String

    init(_ digest: RangeDigest) {
      rows = Int(digest.count)
      sum = String(digest.sum, radix: 16)
      xor = String(digest.xor, radix: 16)
    }
  }

  struct Counts: Encodable {
    let missing: Int
    let extra: Int
    let differs: Int
    let encoding: Int
    /// Only what compares live stores can tell.
    let stale: Int

    init(_ found: DriftCounts) {
      (missing, extra) = (found[.missing], found[.extra])
      (differs, encoding, stale) = (found[.differs], found[.encoding], found[.stale])
    }

    var all: Int { missing + extra + differs + encoding + stale }
  }

  /// How a comparison of stores went that were written meanwhile.
  struct Live: Encodable {
    /// Ranges whose digests were compared, each at a position of the stream of changes.
    let checks: Int
    /// Positions that were passed while they were taken.
    let retries: Int
    /// Rows that were on their way each time they were looked at.
    let unsettled: Int
  }

  struct Mapping: Encodable {
    let name: String
    let from: String
    let to: String
    let equal: Bool
    let legacy: Digest
    let new: Digest
    let counts: Counts
    let rows: [Row]
    /// Columns that the new side writes as it likes.
    let leftOut: [String]
    /// Null where both sides were quiet.
    let live: Live?

    private enum CodingKeys: CodingKey {
      case name, from, to, equal, legacy, new, counts, rows, leftOut, live
    }

    init(_ check: MappingCheck, _ found: Verification, writtenOn owner: Doubt.Side) {
      self.init(
        check, owner, found.isEqual, found.digests, found.counts, found.drifts, live: nil)
    }

    init(_ check: MappingCheck, _ found: LiveVerification, writtenOn owner: Doubt.Side) {
      self.init(
        check, owner, found.isEqual, found.digests, found.counts, found.drifts,
        live: Live(checks: found.checks, retries: found.retries, unsettled: found.unsettled))
    }

    private init(
      _ check: MappingCheck, _ owner: Doubt.Side, _ isEqual: Bool,
      _ digests: (legacy: RangeDigest, new: RangeDigest),
      _ counts: DriftCounts, _ drifts: [Drift], live: Live?
    ) {
      name = check.mapping.name
      from = check.mapping.legacy.description
      to = check.mapping.new.description
      equal = isEqual
      leftOut = check.translation?.uncompared(writtenOn: owner) ?? []
      legacy = Digest(digests.legacy)
      new = Digest(digests.new)
      self.counts = Counts(counts)
      rows = drifts.map(Row.init)
      self.live = live
    }

    /// What is not there is null.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(from, forKey: .from)
      try container.encode(to, forKey: .to)
      try container.encode(equal, forKey: .equal)
      try container.encode(legacy, forKey: .legacy)
      try container.encode(new, forKey: .new)
      try container.encode(counts, forKey: .counts)
      try container.encode(rows, forKey: .rows)
      try container.encode(leftOut, forKey: .leftOut)
      try container.encode(live, forKey: .live)
    }

    var headline: String {
      let checks = live.map { "; \($0.checks) chunks compared while they were written" } ?? ""
      let others =
        leftOut.isEmpty ? "" : "; without \(leftOut.joined(separator: ", ")), the new side's alone"
      let amount = "\(legacy.rows) rows of \(from), \(new.rows) of \(to)\(checks)\(others)"
      if equal { return "\(name): equal: \(amount)" }
      let kinds = [
        (counts.missing, "missing"), (counts.extra, "extra"), (counts.differs, "differ"),
        (counts.encoding, "in another encoding"), (counts.stale, "stale"),
        (live?.unsettled ?? 0, "on their way each time"),
      ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
      return "\(name): \(kinds.joined(separator: ", ")): \(amount)"
    }

    var rest: String? {
      counts.all > rows.count ? "  and \(counts.all - rows.count) more; show them with --list" : nil
    }
  }

  let schema = "strangler.data-verify/1"
  let file: String
  let equal: Bool
  let mappings: [Mapping]

  init(file: String, mappings: [Mapping]) {
    self.file = file
    self.mappings = mappings
    equal = mappings.allSatisfy(\.equal)
  }

  /// A mapping a line, and below it a row a line.
  var text: String {
    mappings.map { mapping in
      ([mapping.headline] + mapping.rows.map(\.text) + [mapping.rest].compactMap(\.self))
        .joined(separator: "\n") + "\n"
    }.joined()
  }

  /// One page without anything from elsewhere.
  var html: String {
    var page = HTMLPage()
    page.add("h1", "Both sides compared")
    page.add("p", file, class: "quiet")
    page.add(
      "p", equal ? "All rows are equal." : "There are differences to look at.",
      class: equal ? "label" : "label real")
    for mapping in mappings {
      page.add("h2", mapping.name)
      page.add("p", mapping.headline)
      for row in mapping.rows {
        page.open("article")
        page.add("p", "\(row.kind) \(row.key)", class: "label")
        page.open("table")
        page.open("tr")
        for title in ["column", "legacy", "new side"] { page.add("th", title) }
        page.close("tr")
        for column in row.columns {
          page.open("tr")
          page.add("td", column.name)
          page.add(
            "td", (column.legacy ?? "") + (column.refusal.map { " (\($0))" } ?? ""), class: "minus")
          page.add("td", column.new ?? "", class: "plus")
          page.close("tr")
        }
        page.close("table")
        page.close("article")
      }
      if let rest = mapping.rest { page.add("p", rest, class: "quiet") }
    }
    return page.text(title: "Both sides compared")
  }
}
