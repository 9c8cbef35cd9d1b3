// SPDX-License-Identifier: Apache-2.0

extension CodeModel {
  /// The same facts in the documented order with identities renumbered, so that what follows does
  /// not depend on the order in which a scanner met its files.
  package func canonical() -> CodeModel {
    let fileOrder = files.indices.sorted { (files[$0].path, $0) < (files[$1].path, $1) }
    var newFile = [FileID](repeating: FileID(0), count: files.count)
    for (new, old) in fileOrder.enumerated() { newFile[old] = FileID(new) }
    func moved(_ position: SourcePosition) -> SourcePosition {
      var position = position
      position.file = newFile[Int(position.file.index)]
      return position
    }

    var movedTypes = types
    for index in movedTypes.indices {
      movedTypes[index].position = moved(movedTypes[index].position)
    }
    let typeOrder = movedTypes.indices.sorted { left, right in
      let (first, second) = (movedTypes[left], movedTypes[right])
      return (first.position, first.qualifiedName, first.memberCount)
        < (second.position, second.qualifiedName, second.memberCount)
    }
    var newType = [TypeID](repeating: TypeID(0), count: types.count)
    for (new, old) in typeOrder.enumerated() { newType[old] = TypeID(new) }

    var result = CodeModel(
      files: fileOrder.map { files[$0] }, types: typeOrder.map { movedTypes[$0] },
      references: references,
      fileDependencies: fileDependencies.map {
        FileDependency(
          from: newFile[Int($0.from.index)], to: newFile[Int($0.to.index)], count: $0.count)
      }.sorted(),
      tableUses: tableUses, transactions: transactions, routes: routes, jobs: jobs,
      outboundCalls: outboundCalls,
      history: history?.renumbered { newFile[Int($0.index)] }, findings: findings,
      members: members)
    result.calledUses = calledUses
    for (part, owner) in ownerOfPart {
      result.ownerOfPart[newType[Int(part.index)]] = newType[Int(owner.index)]
    }
    result.renumber({ newType[Int($0.index)] }, moved)
    result.sortFacts()
    return result
  }

  private mutating func renumber(
    _ type: (TypeID) -> TypeID, _ position: (SourcePosition) -> SourcePosition
  ) {
    for index in references.indices {
      references[index].from = type(references[index].from)
      references[index].to = type(references[index].to)
      references[index].position = position(references[index].position)
      references[index].extensionFile = references[index].extensionFile.map { file in
        position(SourcePosition(file: file, line: 1, column: 1)).file
      }
    }
    for index in tableUses.indices {
      tableUses[index].type = type(tableUses[index].type)
      tableUses[index].position = position(tableUses[index].position)
    }
    for index in calledUses.indices {
      calledUses[index].type = type(calledUses[index].type)
      calledUses[index].position = position(calledUses[index].position)
    }
    for index in transactions.indices {
      transactions[index].opener = type(transactions[index].opener)
      transactions[index].position = position(transactions[index].position)
      for step in transactions[index].steps.indices {
        let old = transactions[index].steps[step]
        transactions[index].steps[step].type = type(old.type)
        transactions[index].steps[step].position = position(old.position)
      }
      transactions[index].steps.sort()
    }
    for index in routes.indices {
      routes[index].registeredBy = type(routes[index].registeredBy)
      routes[index].handler = type(routes[index].handler)
      routes[index].position = position(routes[index].position)
    }
    for index in jobs.indices {
      jobs[index].type = type(jobs[index].type)
      jobs[index].position = position(jobs[index].position)
    }
    for index in outboundCalls.indices {
      outboundCalls[index].type = type(outboundCalls[index].type)
      outboundCalls[index].position = position(outboundCalls[index].position)
    }
    for index in members.indices {
      members[index].owner = type(members[index].owner)
      members[index].position = position(members[index].position)
    }
    for index in findings.indices {
      findings[index].locations = findings[index].locations.map(position)
    }
  }

  private static func precedes(_ left: Reference, _ right: Reference) -> Bool {
    if left.position != right.position { return left.position < right.position }
    if left.from != right.from { return left.from < right.from }
    if left.to != right.to { return left.to < right.to }
    if left.symbol != right.symbol { return left.symbol < right.symbol }
    let (first, second) = (left.extensionFile?.index ?? -1, right.extensionFile?.index ?? -1)
    return (left.kind.rawValue, left.tier.rawValue, first)
      < (right.kind.rawValue, right.tier.rawValue, second)
  }

  private static func precedes(_ left: TableUse, _ right: TableUse) -> Bool {
    if left.position != right.position { return left.position < right.position }
    if left.type != right.type { return left.type < right.type }
    return (left.table, left.access.rawValue, left.function, left.inTransaction ? 1 : 0)
      < (right.table, right.access.rawValue, right.function, right.inTransaction ? 1 : 0)
  }

  /// Scanners deliver sorted lists as a rule; looking costs a fraction of sorting.
  private func isSorted<Element>(
    _ elements: [Element], _ precedes: (Element, Element) -> Bool
  ) -> Bool {
    elements.indices.dropFirst().allSatisfy { !precedes(elements[$0], elements[$0 - 1]) }
  }

  private mutating func sortFacts() {
    if !isSorted(references, Self.precedes) { references.sort(by: Self.precedes) }
    tableUses.sort(by: Self.precedes)
    calledUses.sort(by: Self.precedes)
    transactions.sort { left, right in
      if left.position != right.position { return left.position < right.position }
      if left.opener != right.opener { return left.opener < right.opener }
      if left.function != right.function { return left.function < right.function }
      return left.steps.lexicographicallyPrecedes(right.steps)
    }
    routes.sort {
      ($0.position, $0.path, $0.method, $0.handler, $0.registeredBy)
        < ($1.position, $1.path, $1.method, $1.handler, $1.registeredBy)
    }
    jobs.sort { ($0.position, $0.type, $0.evidence) < ($1.position, $1.type, $1.evidence) }
    outboundCalls.sort { ($0.position, $0.type, $0.target) < ($1.position, $1.type, $1.target) }
    members.sort { ($0.position, $0.name, $0.owner) < ($1.position, $1.name, $1.owner) }
    findings.sort {
      ($0.locations.first?.file.index ?? -1, $0.locations.first?.line ?? 0, $0.id, $0.message)
        < ($1.locations.first?.file.index ?? -1, $1.locations.first?.line ?? 0, $1.id, $1.message)
    }
  }
}
