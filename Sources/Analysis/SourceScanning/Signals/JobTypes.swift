// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Types that conform to a job protocol of the field's libraries.
enum JobTypes {
  private static let protocols: [String: String?] = [
    "Service": "ServiceLifecycle", "Job": nil, "AsyncJob": nil, "ScheduledJob": nil,
    "AsyncScheduledJob": nil, "JobParameters": nil,
  ]

  static func declarations(
    in table: SymbolTable, _ numbering: TypeNumbering
  ) -> [JobDeclaration] {
    table.nominals.indices.compactMap { index in
      let id = NominalID(index)
      guard table[id].kind != .protocol, let evidence = evidence(of: id, in: table),
        let type = numbering.type(of: id, in: table)
      else { return nil }
      return JobDeclaration(
        type: type, evidence: evidence,
        position: numbering.declarations[Int(type.index)].position)
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
