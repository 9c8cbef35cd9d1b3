// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Types that conform to a job protocol of the field's libraries.
enum JobTypes {
  private static let protocols: [String: String?] = [
    "Service": "ServiceLifecycle", "Job": nil, "AsyncJob": nil, "ScheduledJob": nil,
    "AsyncScheduledJob": nil, "JobParameters": nil,
  ]

  /// Why a type is a job.
  struct Evidence: Sendable, Equatable {
    var nominal: NominalID
    var evidence: String
  }

  static func declarations(
    _ found: [Evidence], in table: SymbolTable, _ numbering: TypeNumbering
  ) -> [JobDeclaration] {
    found.compactMap { item in
      numbering.type(of: item.nominal, in: table).map {
        JobDeclaration(
          type: $0, evidence: item.evidence,
          position: numbering.declarations[Int($0.index)].position)
      }
    }
  }

  /// Those of some types that are jobs.
  static func evidence(in table: SymbolTable, _ nominals: [NominalID]) -> [Evidence] {
    nominals.compactMap { id in
      guard table[id].kind != .protocol, let evidence = evidence(of: id, in: table) else {
        return nil
      }
      return Evidence(nominal: id, evidence: evidence)
    }
  }

  /// Whether those that inherit from a type are jobs as long as its file imports some module.
  static func isJobByImport(_ id: NominalID, in table: SymbolTable) -> Bool {
    switch table[id].kind {
    case .protocol, .class:
      table[id].externalSupertypes.contains { name in
        if case .some(.some) = protocols[name] { true } else { false }
      }
    default: false
    }
  }

  private static func evidence(of id: NominalID, in table: SymbolTable) -> String? {
    for ancestor in table[id].lineage {
      for name in table[ancestor].externalSupertypes {
        guard let requiredImport = protocols[name] else { continue }
        guard let module = requiredImport else { return name }
        if table.visibleModuleSets[table[ancestor].file].contains(module) { return name }
      }
    }
    return nil
  }
}
