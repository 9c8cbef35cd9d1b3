// SPDX-License-Identifier: Apache-2.0
internal import DependencyGraph
internal import SourceScanning
internal import TransactionalMessaging

/// Where sources write to tables.
struct WritingPlaces {
  /// Places that are named for one table.
  private static let most = 20

  /// By name in lower case, without a schema.
  private let places: [String: [BypassReport.Place]]

  /// - Throws: `CommandFailure` when the folder cannot be read.
  init(folder: String) throws {
    let model: CodeModel
    do throws(ScanError) {
      model = try SourceScanner(options: ScanOptions()).scan(folder: folder) { _ in }
    } catch {
      throw CommandFailure.unusable(error.description)
    }
    let writes = model.tableUses.filter { $0.access == .writes }
    places = Dictionary(grouping: writes) { $0.table.lowercased() }.mapValues { uses in
      uses.prefix(Self.most).map { use in
        BypassReport.Place(
          file: model.files[Int(use.position.file.index)].path, line: Int(use.position.line),
          column: Int(use.position.column),
          symbol: use.function.isEmpty
            ? model.types[Int(use.type.index)].qualifiedName
            : use.function)
      }
    }
  }

  /// - Parameter table: with its schema, where there are schemas.
  func of(_ table: String) -> [BypassReport.Place] {
    let name = table.lowercased()
    return places[name] ?? places[name.split(separator: ".").last.map(String.init) ?? ""] ?? []
  }
}
