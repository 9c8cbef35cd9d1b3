// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions
internal import StrangulationMeasures
internal import TransactionalMessaging

/// Mappings with where they are, as their stores tell it.
enum TablesInSight {
  /// - Parameter known: tables that the sources use.
  static func look(
    _ file: StatusFile, _ known: [String]?, _ limit: StatementLimit
  ) async -> TableEvidence {
    let settings: DataSettings
    switch file.data {
    case .absent(let why): return TableEvidence([], known: known, failure: why)
    case .there(let found): settings = found
    }
    do {
      let quiet = ProgressLine(quiet: true)
      let mappings = try await Migrating.open(file.path, .all, limit, quiet) { all in
        var mappings: [TableEvidence.Mapping] = []
        for migrating in all { mappings.append(await look(migrating)) }
        return mappings
      }
      return TableEvidence(mappings, known: known)
    } catch {
      let why = (error as? CommandFailure).map { ([$0.message] + $0.details.prefix(1)) }
      return TableEvidence(
        settings.mappings.map { mapping in
          .init(
            mapping.name, table: mapping.legacy.table, state: nil,
            failure: why?.joined(separator: ": ") ?? "\(error)")
        }, known: known)
    }
  }

  private static func look(_ migrating: Migrating) async -> TableEvidence.Mapping {
    let table = migrating.check.mapping.legacy.table
    do {
      let migration = try await migrating.run.migration()
      let (waiting, refused) = try await migrating.run.waiting(migration)
      return TableEvidence.Mapping(
        migrating.name, table: table, state: migration.state.rawValue,
        isExtracted: migration.state.owner == .new, isBegun: migration.state != .legacyPrimary,
        isLast: migration.state.next == nil, waiting: waiting, refused: refused.count)
    } catch {
      return TableEvidence.Mapping(migrating.name, table: table, state: nil, failure: "\(error)")
    }
  }
}

/// The outbox, and who changes tables without an event.
enum EventsInSight {
  static func look(_ file: StatusFile, _ known: [String]?) async -> ProgressMeasure {
    let place: OutboxPlace
    switch file.outbox {
    case .absent(let why): return EventEvidence.unread(why)
    case .there(let settings): place = OutboxPlace(database: settings.database)
    }
    do {
      let (report, bypasses) = try await place.reading { database in
        let report = try await OutboxOperator(database).report(now: UnixTime.milliseconds())
        return (report, try await audit(database))
      }
      let behind = report.relays.max { $0.unsent < $1.unsent }
      return EventEvidence(
        appended: Int(report.lastSequence), unsent: behind.map { Int($0.unsent) },
        isMore: behind?.isMore ?? false,
        isRelayed: !report.relays.isEmpty && report.relays.allSatisfy { $0.owner != nil },
        watched: bypasses, known: known
      ).measure
    } catch let failure as CommandFailure {
      return EventEvidence.unread(failure.message)
    } catch {
      return EventEvidence.unread("\(error)")
    }
  }

  /// Nil where no table is watched.
  private static func audit(
    _ database: any OperatorDatabase
  ) async throws -> [EventEvidence.Watched]? {
    let report: BypassReport
    do {
      report = try await BypassAudit(database).report(limit: 1)
    } catch let error as MessageStoreError where error.code == .missingTables {
      return nil
    }
    return report.tables.map { table in
      let blindness: String? =
        switch table.state {
        case .altered: "its triggers are missing or take no effect"
        case .missing: "there is no such table any more"
        case .watched:
          !report.seesEvents
            ? "the outbox's own trigger is missing or takes no effect"
            : report.isFull ? "no more is noted until some is forgotten" : nil
        }
      return EventEvidence.Watched(
        table.name, bypasses: Int(table.bypasses), blindness: blindness)
    }
  }
}
