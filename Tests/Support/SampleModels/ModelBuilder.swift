// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Writes a code model by names; each type stands in a file of its own unless told otherwise, and
/// each fact on a line of its own.
package struct ModelBuilder {
  package private(set) var model = CodeModel()
  private var types: [String: TypeID] = [:]
  private var files: [String: FileID] = [:]
  private var nextLine: [FileID: Int] = [:]

  package init() {}

  package subscript(_ name: String) -> TypeID {
    guard let id = types[name] else { preconditionFailure("no type \(name)") }
    return id
  }

  package mutating func type(
    _ name: String, folder: String = "App", file: String? = nil, module: String = "App",
    kind: TypeDeclaration.Kind = .struct, members: Int = 3
  ) {
    let stem = name.split(separator: ".").last.map(String.init) ?? name
    let path = "Sources/\(folder)/\(file ?? stem).swift"
    let file = self.file(path, module)
    types[name] = TypeID(model.types.count)
    model.types.append(
      TypeDeclaration(
        name: stem, qualifiedName: name, module: module, kind: kind, position: place(file),
        memberCount: members))
  }

  private mutating func file(_ path: String, _ module: String) -> FileID {
    if let file = files[path] { return file }
    let file = FileID(model.files.count)
    model.files.append(SourceFile(path: path, module: module, lines: 100))
    files[path] = file
    return file
  }

  private mutating func place(_ file: FileID) -> SourcePosition {
    nextLine[file, default: 0] += 1
    return SourcePosition(file: file, line: nextLine[file] ?? 1, column: 3)
  }

  private mutating func place(_ type: String) -> SourcePosition {
    place(model.types[Int(self[type].index)].position.file)
  }

  package mutating func refer(
    _ from: String, _ to: String, _ kind: Reference.Kind = .typeUse, symbol: String? = nil,
    times: Int = 1, byNameAlone: Bool = false
  ) {
    for _ in 0..<times {
      model.references.append(
        Reference(
          from: self[from], to: self[to], kind: kind, tier: .syntax, symbol: symbol ?? to,
          position: place(from), isByNameAlone: byNameAlone))
    }
  }

  package mutating func table(
    _ table: String, _ access: TableUse.Access, by type: String, in function: String = "",
    transaction: Bool = false
  ) {
    let position = place(type)
    model.tableUses.append(
      TableUse(
        table: table, access: access, type: self[type], function: function,
        inTransaction: transaction, position: position))
    guard transaction else { return }
    step(
      .init(table: table, access: access, type: self[type], position: position), of: self[type],
      in: function, at: position)
  }

  /// Writes of several types that run in one transaction, which `opener` opens in `function`; each
  /// statement stands in the code of its own type.
  package mutating func transaction(
    by opener: String, in function: String, writing writes: [(type: String, table: String)]
  ) {
    let opening = place(opener)
    for (type, table) in writes {
      let position = place(type)
      model.tableUses.append(
        TableUse(
          table: table, access: .writes, type: self[type], function: "\(type).write",
          inTransaction: false, position: position))
      step(
        .init(table: table, access: .writes, type: self[type], position: position),
        of: self[opener], in: function, at: opening)
    }
  }

  private mutating func step(
    _ step: DatabaseTransaction.Step, of opener: TypeID, in function: String,
    at position: SourcePosition
  ) {
    let known = model.transactions.firstIndex { $0.opener == opener && $0.function == function }
    if let known {
      model.transactions[known].steps.append(step)
    } else {
      model.transactions.append(
        DatabaseTransaction(opener: opener, function: function, position: position, steps: [step]))
    }
  }

  package mutating func route(_ method: String, _ path: String, _ handler: String) {
    model.routes.append(
      RouteRegistration(
        method: method, path: path, registeredBy: self[handler], handler: self[handler],
        position: place(handler)))
  }

  package mutating func job(_ type: String) {
    model.jobs.append(JobDeclaration(type: self[type], evidence: "Service", position: place(type)))
  }

  /// A member of a type; what is written next for that type stands in it.
  package mutating func member(_ name: String, of type: String, isFunction: Bool = true) {
    model.members.append(
      MemberDeclaration(
        owner: self[type], name: name, isFunction: isFunction, position: place(type)))
  }

  package mutating func finding(_ finding: Finding) { model.findings.append(finding) }
}
