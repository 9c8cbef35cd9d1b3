// SPDX-License-Identifier: Apache-2.0

/// What a configuration says of the data that moves: the section `data`.
package struct DataSettings: Sendable, Hashable {
  /// Where tables are.
  package enum Place: Sendable, Hashable {
    /// A file of SQLite.
    case file(String)
    /// A `postgresql://` address without a password: libpq takes that from `PGPASSFILE` or
    /// `PGPASSWORD`.
    case postgreSQL(String)

    package var kind: StoreKind {
      switch self {
      case .file: .sqlite
      case .postgreSQL: .postgreSQL
      }
    }
  }

  /// A store with its name.
  package struct Store: Sendable, Hashable {
    package let name: String
    package let place: Place

    package init(name: String, place: Place) {
      self.name = name
      self.place = place
    }
  }

  /// In file order.
  package var stores: [Store]
  /// In file order.
  package var mappings: [TableMapping]

  package init(stores: [Store], mappings: [TableMapping]) {
    self.stores = stores
    self.mappings = mappings
  }
}

/// How rows of one legacy table become rows of one new table, and back.
package struct TableMapping: Sendable, Hashable {
  /// A table in a store.
  package struct Place: Sendable, Hashable, CustomStringConvertible {
    package let store: String
    package let table: String

    package init(store: String, table: String) {
      self.store = store
      self.table = table
    }

    package var description: String { "\(store).\(table)" }
  }

  /// A column of the new table with where its values come from.
  package struct Column: Sendable, Hashable {
    package let name: String
    package let rule: ColumnRule
    /// Whether the reverse stream needs what the new side writes there.
    package let isReversed: Bool

    package init(_ name: String, _ rule: ColumnRule, isReversed: Bool = true) {
      self.name = name
      self.rule = rule
      self.isReversed = isReversed
    }
  }

  package let name: String
  package var legacy: Place
  package var new: Place
  /// Columns of the new table that name a row; nil for its primary key.
  package var key: [String]?
  package var columns: [Column]
  /// Which legacy rows belong to it; all of these hold.
  package var filter: [RowCondition] = []
  /// Which tenants it is about; nil for all.
  package var tenant: RowCondition?
  /// Whether a reverse stream keeps legacy current once the new side is primary.
  package var isReversed = true
  /// Legacy columns that are not carried, on purpose.
  package var left: [String] = []
  /// What the reverse stream writes into legacy columns of rows that the new side adds; nil is
  /// NULL.
  package var fill: [String: String?] = [:]

  package init(name: String, legacy: Place, new: Place, columns: [Column]) {
    self.name = name
    self.legacy = legacy
    self.new = new
    self.columns = columns
  }

  /// Where it stands in the configuration.
  package var path: String { "data.mappings.\(name)" }

  /// Filter and tenants together, with where each stands.
  package var conditions: [(key: String, condition: RowCondition)] {
    filter.map { ("\(path).filter.\($0.column)", $0) }
      + (tenant.map { [("\(path).tenant", $0)] } ?? [])
  }
}

/// Where the values of a new column come from. Names are of legacy columns.
package enum ColumnRule: Sendable, Hashable {
  /// One column as it is.
  case rename(String)
  case cast(String, Cast)
  /// The same for every row; nil is NULL.
  case constant(String?)
  /// Several texts as one.
  case concat([String], separator: String)
  /// A part of a text, counted from 1; the last takes whatever is left.
  case split(String, separator: String, part: Int, of: Int)
  case values(String, ValueTable)
  case join(Join)

  /// How the type changes.
  package struct Cast: Sendable, Hashable {
    package let family: ColumnType.Family
    /// Digits behind the point that a whole number holds, such as 2 for cents.
    package var scale: Int?
    package var unit: TimeText.Unit?
    package var form: TimeText.Form?

    package init(_ family: ColumnType.Family) { self.family = family }
  }

  /// Values of the legacy column with those of the new one. NULL stays NULL.
  package struct ValueTable: Sendable, Hashable {
    package struct Pair: Sendable, Hashable {
      package let legacy: String
      package let new: String

      package init(_ legacy: String, _ new: String) {
        self.legacy = legacy
        self.new = new
      }
    }

    /// In file order.
    package let pairs: [Pair]
    /// For all other values; nil where there may be none.
    package let otherwise: String?

    package init(_ pairs: [Pair], otherwise: String? = nil) {
      self.pairs = pairs
      self.otherwise = otherwise
    }
  }

  /// A column of another legacy table, in the row whose key this row holds.
  package struct Join: Sendable, Hashable {
    package struct Pair: Sendable, Hashable {
      /// Column of the mapped table.
      package let own: String
      /// Column of the joined one.
      package let other: String

      package init(own: String, other: String) {
        self.own = own
        self.other = other
      }
    }

    package let table: String
    package let on: [Pair]
    package let take: String

    package init(_ table: String, on: [Pair], take: String) {
      self.table = table
      self.on = on
      self.take = take
    }
  }

  /// The columns of the legacy row that it reads, in the order in which they are given.
  package var sources: [String] {
    switch self {
    case .rename(let name), .cast(let name, _), .split(let name, _, _, _), .values(let name, _):
      [name]
    case .constant: []
    case .concat(let names, _): names
    case .join(let join): join.on.map(\.own)
    }
  }
}

/// What a row has to hold.
package struct RowCondition: Sendable, Hashable {
  package enum Test: Sendable, Hashable {
    /// One of these, nil being NULL.
    case oneOf([String?])
    /// None of these; NULL passes unless it is among them.
    case noneOf([String?])
    /// Whole numbers, both ends within; nil for no end.
    case range(from: Int64?, to: Int64?)
  }

  /// Column of the legacy table.
  package let column: String
  package let test: Test

  package init(_ column: String, _ test: Test) {
    self.column = column
    self.test = test
  }

  /// Whether no value can pass both.
  package func excludes(_ other: RowCondition) -> Bool {
    guard column == other.column else { return false }
    switch (test, other.test) {
    case (.range(let low, let high), .range(let otherLow, let otherHigh)):
      return high.map { $0 < otherLow ?? .min } == true
        || otherHigh.map { $0 < low ?? .min } == true
    case (.oneOf(let values), .oneOf(let others)): return Set(values).isDisjoint(with: others)
    case (.oneOf(let values), .range(let low, let high)),
      (.range(let low, let high), .oneOf(let values)):
      return values.allSatisfy { text in
        text.flatMap { Int64($0) }.map { $0 < low ?? .min || $0 > high ?? .max } ?? true
      }
    default: return false
    }
  }
}

extension ColumnRule: CustomStringConvertible {
  /// For a person who knows the file.
  package var description: String {
    switch self {
    case .rename(let name): name
    case .cast(let name, let cast): "\(name) cast to \(cast.family)"
    case .constant(let text): "the constant \(text ?? "NULL")"
    case .concat(let names, _): names.joined(separator: " + ")
    case .split(let name, _, let part, let count): "\(name), part \(part) of \(count)"
    case .values(let name, let table): "\(name) by a table of \(table.pairs.count) values"
    case .join(let join):
      "\(join.table).\(join.take) by \(join.on.map(\.own).joined(separator: ", "))"
    }
  }
}
