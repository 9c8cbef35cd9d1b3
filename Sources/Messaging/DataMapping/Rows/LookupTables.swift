// SPDX-License-Identifier: Apache-2.0

/// Rows of joined tables that were read, by the new column that they are joined for.
package struct LookupTables: Sendable {
  private var taken: [String: [[FieldValue]: FieldValue]] = [:]
  private var keys: [String: [FieldValue: [FieldValue]]] = [:]

  package init() {}

  /// Adds a row: the columns that it is found by, in the order of the declaration, and the one that
  /// is taken.
  package mutating func add(_ column: String, key: [FieldValue], taken value: FieldValue) {
    taken[column, default: [:]][key] = value
    keys[column, default: [:]][value] = key
  }

  func value(_ column: String, key: [FieldValue]) -> FieldValue? { taken[column]?[key] }
  func key(_ column: String, taken value: FieldValue) -> [FieldValue]? { keys[column]?[value] }
}
