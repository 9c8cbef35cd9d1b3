// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// A store as it was at one moment, however often it is read.
package protocol StoreSnapshot: Sendable {
  /// Reads all rows of a statement that `MappingStatements.stream` wrote, in constant memory and in
  /// the store's own order.
  ///
  /// - Throws: `StoreFailure`.
  func fold<State: Sendable>(
    _ sql: String, _ types: [ColumnType], into state: State,
    _ take: @escaping @Sendable (inout State, RawRow) -> Void
  ) async throws -> State

  /// Ends the transaction, so that it is in nobody's way until `resume`.
  ///
  /// - Throws: `StoreFailure`.
  func rest() async throws

  /// Sees another moment from now on, at which whatever was committed before is there.
  ///
  /// - Throws: `StoreFailure`.
  func resume() async throws

  /// Ends the transaction.
  func end() async
}
