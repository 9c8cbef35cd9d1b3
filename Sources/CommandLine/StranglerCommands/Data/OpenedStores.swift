// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores

/// The stores of a configuration, open for as long as a command runs, with what they have.
struct OpenedStores {
  let stores: [String: any MappedStore]
  let schemas: [String: StoreSchema]

  /// Opens the stores of some mappings and reads their schemas; one that cannot be read ends the
  /// command.
  ///
  /// - Parameter names: of mappings; all where there are none.
  static func reading<Value>(
    _ settings: DataSettings, only names: [String] = [], within limit: Duration,
    _ progress: ProgressLine, _ body: (OpenedStores) async throws -> Value
  ) async throws -> Value {
    let meant = settings.mappings.filter { names.contains($0.name) }
    let needed = Set(meant.flatMap { [$0.legacy.store, $0.new.store] })
    let places = settings.stores.filter { names.isEmpty || needed.contains($0.name) }
    var stores: [String: any MappedStore] = [:]
    defer {
      for store in stores.values { store.close() }
      progress.clear()
    }
    do {
      var schemas: [String: StoreSchema] = [:]
      for (index, store) in places.enumerated() {
        progress.update("schema of \(store.name)", done: index, of: places.count)
        let open = try store.place.open()
        stores[store.name] = open
        schemas[store.name] = try await open.schema(
          of: settings.neededTables[store.name] ?? [], within: limit)
      }
      return try await body(OpenedStores(stores: stores, schemas: schemas))
    } catch let failure as StoreFailure {
      progress.clear()
      throw CommandFailure.unusable("a store cannot be read: \(failure)")
    }
  }
}

extension OpenedStores {
  /// Where a mapping is; nil where its new store is not open.
  func migration(of mapping: TableMapping, within limit: Duration) async throws
    -> Migration?
  {
    guard let store = stores[mapping.new.store], let schema = schemas[mapping.new.store] else {
      return nil
    }
    let tables = MigrationTables(schema.kind)
    guard schema.tableNames.contains(MigrationTables.table) else {
      return Migration(of: mapping.name)
    }
    let rows = try await store.rows(
      tables.look(mapping.name), Array(repeating: .text(limit: nil), count: 5), within: limit)
    return tables.migration(
      mapping.name,
      rows.map { row in
        row.map { value in
          switch value {
          case .text(let text): text.string
          case .integer(let number): "\(number)"
          default: nil
          }
        }
      })
  }

  /// What is split where a mapping is written on a side and those that it is tied to on the other.
  ///
  /// - Parameters:
  ///   - state: where it is; nil for where its store says it is.
  ///   - together: mappings that go there with it.
  func splits(
    _ mapping: TableMapping, at state: MigrationState? = nil, together: Set<String> = [],
    _ settings: DataSettings,
    within limit: Duration
  ) async throws -> [String] {
    var own = state
    if own == nil { own = try await migration(of: mapping, within: limit)?.state }
    guard let own else { return [] }
    var splits: [String] = []
    for other in DataCheck.tied(to: mapping, settings, schemas)
    where !together.contains(other.name) {
      guard let theirs = try await migration(of: other, within: limit)?.state,
        theirs.owner != own.owner
      else { continue }
      splits.append(
        "\(mapping.name) is at \(own.rawValue) and \(other.name) at \(theirs.rawValue), though foreign "
          + "keys tie their tables: rows that belong together are written on different sides, and "
          + "a service finds half of them; move both, by one command")
    }
    return splits
  }
}

/// What both commands ask of a store.
struct StatementLimit: ParsableArguments {
  @Option(help: "Seconds after which a statement is given up, 0.01 to 3600.")
  var timeout = 10.0

  @Flag(help: "Show no progress.")
  var quiet = false

  init() {}

  /// So many seconds, and nobody watches.
  init(seconds: Double) { (timeout, quiet) = (seconds, true) }

  var duration: Duration { .seconds(timeout) }

  func validate() throws {
    guard (0.01...3_600).contains(timeout) else {
      throw ValidationError("--timeout: expected 0.01 to 3600 seconds")
    }
  }
}
