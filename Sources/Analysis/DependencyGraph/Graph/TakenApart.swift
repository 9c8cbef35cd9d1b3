// SPDX-License-Identifier: Apache-2.0

extension CodeModel {
  /// The same code with the members of some types as types of their own, so that each can belong
  /// elsewhere. The types themselves stay, with their initialisers and what no member holds.
  ///
  /// Parts stand behind all other types, by owner and name. A type that is apart already, or whose
  /// members are not known, stays as it is.
  package func takingApart(_ owners: Set<TypeID>) -> CodeModel {
    let parts = TypeParts(self, owners.subtracting(ownerOfPart.values))
    guard !parts.isEmpty else { return self }
    var result = self
    result.types += parts.declarations
    result.ownerOfPart.merge(parts.owners) { old, _ in old }
    for index in references.indices {
      let reference = references[index]
      result.references[index].from = parts.holder(reference.from, reference.position)
      result.references[index].to = parts.named(reference.symbol, in: reference.to)
    }
    for index in tableUses.indices {
      result.tableUses[index].type = parts.holder(tableUses[index].type, tableUses[index].position)
    }
    for index in calledUses.indices {
      result.calledUses[index].type = parts.holder(
        calledUses[index].type, calledUses[index].position)
    }
    for index in transactions.indices {
      let transaction = transactions[index]
      result.transactions[index].opener = parts.holder(transaction.opener, transaction.position)
      for (number, step) in transaction.steps.enumerated() {
        result.transactions[index].steps[number].type = parts.holder(step.type, step.position)
      }
      result.transactions[index].steps.sort()
    }
    for index in routes.indices {
      let route = routes[index]
      result.routes[index].handler = parts.holder(route.handler, route.position)
      result.routes[index].registeredBy = parts.holder(route.registeredBy, route.position)
    }
    for index in jobs.indices {
      result.jobs[index].type = parts.holder(jobs[index].type, jobs[index].position)
    }
    for index in outboundCalls.indices {
      let call = outboundCalls[index]
      result.outboundCalls[index].type = parts.holder(call.type, call.position)
    }
    return result
  }

  /// Types that have been taken apart.
  package var takenApart: Set<TypeID> { Set(ownerOfPart.values) }
}

/// The members of some types under numbers of their own.
private struct TypeParts {
  private struct Place {
    var position: SourcePosition
    var name: String
  }

  private(set) var declarations: [TypeDeclaration] = []
  private(set) var owners: [TypeID: TypeID] = [:]
  private var numbers: [TypeID: [String: TypeID]] = [:]
  /// Members of each type in order of place.
  private var places: [TypeID: [Place]] = [:]

  var isEmpty: Bool { declarations.isEmpty }

  init(_ model: CodeModel, _ types: Set<TypeID>) {
    for member in model.members where types.contains(member.owner) {
      places[member.owner, default: []].append(
        Place(position: member.position, name: member.name))
    }
    for owner in places.keys.sorted() {
      let type = model.type(owner)
      let members = places[owner] ?? []
      let byName = Dictionary(grouping: members.filter { Self.isPart($0.name) }, by: \.name)
      for (name, found) in byName.sorted(by: { $0.key < $1.key }) {
        let number = TypeID(model.types.count + declarations.count)
        numbers[owner, default: [:]][name] = number
        owners[number] = owner
        declarations.append(
          TypeDeclaration(
            name: name, qualifiedName: "\(type.qualifiedName).\(name)", module: type.module,
            kind: .member, position: found[0].position, memberCount: found.count))
      }
    }
  }

  /// What makes an instance stays with the type.
  private static func isPart(_ name: String) -> Bool { name != "init" && name != "subscript" }

  /// Whose code stands at a place: the last member before it, else the type.
  func holder(_ type: TypeID, _ position: SourcePosition) -> TypeID {
    guard let members = places[type] else { return type }
    var (low, high) = (0, members.count)
    while low < high {
      let middle = (low + high) / 2
      if members[middle].position <= position { low = middle + 1 } else { high = middle }
    }
    guard low > 0, members[low - 1].position.file == position.file else { return type }
    return numbers[type]?[members[low - 1].name] ?? type
  }

  func named(_ symbol: String, in type: TypeID) -> TypeID { numbers[type]?[symbol] ?? type }
}
