// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import PostgreSQLClient
package import RoutingDecisions

/// Opens journals wherever they are kept.
package enum JournalPlace {
  /// A proxy's journal. A file is opened and made if need be; a database is connected to at the
  /// first use.
  ///
  /// - Throws: `CutoverJournalError`.
  package static func open(_ configuration: JournalConfiguration) throws -> any CutoverJournal {
    switch configuration.place {
    case .file(let path):
      return try SQLiteCutoverJournal(writing: path, installation: configuration.installation)
    case .postgreSQL(let url):
      let address = try address(url)
      #if PostgreSQL
        return PostgreSQLCutoverJournal(address, installation: configuration.installation)
      #else
        throw unsupported(address)
      #endif
    }
  }

  /// A journal to read, by a file's name or a database's address.
  ///
  /// - Throws: `CutoverJournalError`.
  package static func reading(
    _ place: String, installation: String?
  ) async throws -> any CutoverJournal {
    guard PostgreSQLAddress.isAddress(place) else {
      return try SQLiteCutoverJournal(reading: place, installation: installation)
    }
    let address = try address(place)
    #if PostgreSQL
      return try await PostgreSQLCutoverJournal.reading(address, installation: installation)
    #else
      throw unsupported(address)
    #endif
  }

  /// What is wrong with a configuration's journal that only this build, or libpq, can tell.
  package static func diagnostics(of configuration: ProxyConfiguration) -> [Diagnostic] {
    guard case .postgreSQL(let url)? = configuration.journal?.place else { return [] }
    do {
      _ = try address(url)
    } catch {
      return [Diagnostic(.error, key: "proxy.journal.url", message: error.message)]
    }
    if PostgreSQLSupport.isBuiltIn { return [] }
    return [Diagnostic(.error, key: "proxy.journal.url", message: missingTrait)]
  }

  private static func address(_ url: String) throws(CutoverJournalError) -> PostgreSQLAddress {
    do throws(PostgreSQLError) {
      return try PostgreSQLAddress(url)
    } catch {
      throw CutoverJournalError(.unusable, "the journal's address: \(error.message)")
    }
  }

  private static let missingTrait =
    "this build of strangler knows no PostgreSQL: build it with --traits PostgreSQL (and libpq), or "
    + "keep the journal in a file"

  private static func unsupported(_ address: PostgreSQLAddress) -> CutoverJournalError {
    CutoverJournalError(.unusable, "\(address): \(missingTrait)")
  }
}
