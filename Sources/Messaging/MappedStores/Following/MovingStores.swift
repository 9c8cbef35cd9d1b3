// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Both stores of a mapping, open for what moves its data.
package struct MovingStores: Sendable {
  package struct Side: Sendable {
    package let reading: any MappedStore
    package let writing: any WritableStore

    package init(reading: any MappedStore, writing: any WritableStore) {
      (self.reading, self.writing) = (reading, writing)
    }
  }

  package let legacy: Side
  package let new: Side
  /// Where the position of its backfill is.
  package let backfill: any BackfillTarget

  package init(legacy: Side, new: Side, backfill: any BackfillTarget) {
    (self.legacy, self.new, self.backfill) = (legacy, new, backfill)
  }

  /// Opens them.
  ///
  /// - Throws: `StoreFailure`.
  package init(_ mapping: TableMapping, _ settings: DataSettings) throws {
    func place(_ name: String) throws -> DataSettings.Place {
      guard let store = settings.stores.first(where: { $0.name == name }) else {
        throw StoreFailure(.unusable, "there is no store \(name)")
      }
      return store.place
    }
    let (old, new) = (try place(mapping.legacy.store), try place(mapping.new.store))
    legacy = Side(reading: try old.open(), writing: try old.openWritable())
    self.new = Side(reading: try new.open(), writing: try new.openWritable())
    backfill = try new.openTarget()
  }

  package subscript(side: Doubt.Side) -> Side { side == .legacy ? legacy : new }

  package func close() {
    for side in [legacy, new] {
      side.reading.close()
      side.writing.close()
    }
    backfill.close()
  }
}
