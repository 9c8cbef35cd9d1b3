// SPDX-License-Identifier: Apache-2.0

/// A row that is not the same on both sides.
package struct Drift: Sendable, Hashable {
  /// In what way.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Legacy has it, the new side does not.
    case missing
    /// The new side has it, legacy does not.
    case extra
    /// Both have it, and a column says something else.
    case differs
    /// Both have it and say the same, in another encoding.
    case encoding
    /// The side that follows is behind: changes of the row are noted, and could not be carried
    /// over.
    /// Only a comparison at a position of the stream of changes can tell.
    case stale
  }

  /// A column that is not the same; nil where a side has no such row.
  package struct Column: Sendable, Hashable {
    package let name: String
    /// What the legacy row becomes.
    package let legacy: String?
    package let new: String?
    /// Why the legacy value has nothing to become.
    package let refusal: String?
  }

  package private(set) var kind: Kind
  /// Columns of the new row's key, with their values; of a row that has no key to become, with the
  /// legacy ones.
  package let key: [Column]
  /// In the mapping's order, those of the key first.
  package let columns: [Column]
  /// Values of `key`; of a row whose key has nothing to become, some are legacy's.
  package let newKey: [FieldValue]

  /// The same, known to wait for a change.
  var stale: Drift {
    var drift = self
    drift.kind = .stale
    return drift
  }

  /// `id = 17`.
  package var place: String {
    key.map { "\($0.name) = \($0.legacy ?? $0.new ?? "")" }.joined(separator: ", ")
  }
}

/// How many rows of each kind.
package struct DriftCounts: Sendable, Hashable {
  private var counts: [Drift.Kind: Int] = [:]

  package init() {}

  package internal(set) subscript(kind: Drift.Kind) -> Int {
    get { counts[kind] ?? 0 }
    set { counts[kind] = newValue }
  }

  package var all: Int { counts.values.reduce(0, +) }
}

extension Drift {
  /// What two rows of one key show, either of which may be missing.
  init(
    _ kind: Kind, _ digests: RowDigests, legacy: [RowDigests.Cell]?, new: [RowDigests.Cell]?
  ) {
    self.kind = kind
    let key = digests.key(of: legacy ?? new ?? [])
    newKey = key.map(\.value)
    var columns: [Column] = []
    for (index, name) in digests.columns.enumerated() {
      let (one, other) = (legacy?[index], new?[index])
      if one == other { continue }
      // What is missing as a whole is named by its key; its values are for who wants to see.
      var refusal: String?
      if case .refused(_, let reason)? = one { refusal = reason }
      columns.append(
        Column(
          name: name, legacy: one?.value.description, new: other?.value.description,
          refusal: refusal))
    }
    self.columns = columns
    self.key = key.map { name, value in
      Column(
        name: name, legacy: legacy == nil ? nil : value.description,
        new: new == nil ? nil : value.description, refusal: nil)
    }
  }

  /// By key: numbers as numbers, all else as texts.
  static func isBefore(_ one: Drift, _ other: Drift) -> Bool {
    for (left, right) in zip(one.newKey, other.newKey) where left != right {
      if case .integer(let low) = left, case .integer(let high) = right { return low < high }
      return left.description < right.description
    }
    return false
  }
}
