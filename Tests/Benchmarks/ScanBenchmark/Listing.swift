// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Parts of a model, one item a line, for looking at what a scan found (`SCAN_LIST=tables,routes`).
struct Listing {
  let model: CodeModel

  func text(of parts: String) -> String {
    var lines: [String] = []
    for part in parts.split(separator: ",") {
      switch part {
      case "references": lines += references()
      case "tables": lines += tables()
      case "routes": lines += routes()
      case "jobs":
        lines += model.jobs.map { "\(place($0.position)) \(name($0.type)) \($0.evidence)" }
      case "calls":
        lines += model.outboundCalls.map { "\(place($0.position)) \(name($0.type)) \($0.target)" }
      case "findings": lines += model.findings.map { "\($0.severity) \($0.id): \($0.message)" }
      case "types":
        lines += model.types.map { "\(place($0.position)) \($0.kind) \($0.qualifiedName)" }
      default: lines.append("unknown part \(part)")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func references() -> [String] {
    model.references.map {
      "\(place($0.position)) \(name($0.from)) -> \(name($0.to)) \($0.kind) \($0.symbol)"
    }
  }

  private func tables() -> [String] {
    model.tableUses.map { use in
      let transaction = use.inTransaction ? " in transaction" : ""
      return "\(place(use.position)) \(name(use.type)) \(use.access) \(use.table) "
        + "\(use.function)\(transaction)"
    }
  }

  private func routes() -> [String] {
    model.routes.map { route in
      "\(place(route.position)) \(route.method) \(route.path) by \(name(route.registeredBy)) "
        + "handled by \(name(route.handler))"
    }
  }

  private func name(_ id: TypeID) -> String { model.types[Int(id.index)].qualifiedName }

  private func place(_ position: SourcePosition) -> String {
    "\(model.files[Int(position.file.index)].path):\(position.line):\(position.column)"
  }
}
