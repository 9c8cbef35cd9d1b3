// SPDX-License-Identifier: Apache-2.0

/// The pieces that move as one: a type together with the types nested in it in the same file.
///
/// A nested type that an extension declares in another file is a unit of its own, so that a
/// namespace spread over many files does not glue them together. A part of a type that is taken
/// apart is one too, and so is what was nested in it. Loose functions and extensions of types from
/// elsewhere move with what they are about: the type of their file that they name most.
struct CodeUnits: Sendable {
  struct Unit: Sendable {
    /// Stable identity: the module and the name, with the path where two types share both.
    var identity: String
    /// The outermost type, then the others in order of position.
    var types: [TypeID]
    var file: FileID
  }

  /// Units in order of identity.
  let units: [Unit]
  /// Unit of each type.
  let unitOfType: [Int]

  var count: Int { units.count }

  subscript(type: TypeID) -> Int { unitOfType[Int(type.index)] }

  init(_ model: CodeModel) {
    let roots = Self.roots(model)
    var grouped: [Int: [TypeID]] = [:]
    for (index, root) in roots.enumerated() { grouped[root, default: []].append(TypeID(index)) }
    var names: [String: Int] = [:]
    for root in grouped.keys { names[Self.name(model.types[root]), default: 0] += 1 }

    var units: [Unit] = []
    units.reserveCapacity(grouped.count)
    for (root, types) in grouped {
      let type = model.types[root]
      let name = Self.name(type)
      let file = type.position.file
      let path = model.files[Int(file.index)].path
      let isUnique = names[name] == 1 && type.kind != .fileScope
      units.append(
        Unit(
          identity: isUnique ? name : name + "@" + path,
          types: [TypeID(root)] + types.filter { $0 != TypeID(root) }, file: file))
    }
    units.sort { ($0.identity, $0.types[0]) < ($1.identity, $1.types[0]) }
    var unitOfType = [Int](repeating: 0, count: model.types.count)
    for (index, unit) in units.enumerated() {
      for type in unit.types { unitOfType[Int(type.index)] = index }
    }
    self.units = units
    self.unitOfType = unitOfType
  }

  private static func name(_ type: TypeDeclaration) -> String {
    type.module + "." + type.qualifiedName
  }

  /// For each type the index of the one that it moves with.
  private static func roots(_ model: CodeModel) -> [Int] {
    var roots = outermostTypes(model)
    for (scope, subject) in subjects(model) { roots[scope] = roots[subject] }
    return roots
  }

  /// For each file's scope the type of the same file that it names most often, the first of equal
  /// ones. Who answers requests is nobody's extension.
  private static func subjects(_ model: CodeModel) -> [Int: Int] {
    let serving = Set(model.routes.map(\.handler))
    var counts: [Int: [Int: Int]] = [:]
    for reference in model.references {
      let (from, to) = (model.type(reference.from), model.type(reference.to))
      guard from.kind == .fileScope, to.kind != .fileScope, to.kind != .member,
        from.position.file == to.position.file, !serving.contains(reference.from)
      else { continue }
      counts[Int(reference.from.index), default: [:]][Int(reference.to.index), default: 0] += 1
    }
    return counts.compactMapValues { types in
      types.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
  }

  /// For each type the index of the outermost type around it in the same file.
  private static func outermostTypes(_ model: CodeModel) -> [Int] {
    struct Key: Hashable {
      var file: FileID
      var name: String
    }
    var declared: [Key: Int] = [:]
    let apart = model.takenApart
    for (index, type) in model.types.enumerated()
    where type.kind != .fileScope && type.kind != .member && !apart.contains(TypeID(index)) {
      let key = Key(file: type.position.file, name: type.qualifiedName)
      if declared[key] == nil { declared[key] = index }
    }
    return model.types.enumerated().map { index, type in
      guard type.kind != .fileScope, type.kind != .member, type.qualifiedName.contains(".") else {
        return index
      }
      let parts = type.qualifiedName.split(separator: ".")
      for length in 1..<max(1, parts.count) {
        let name = parts.prefix(length).joined(separator: ".")
        if let root = declared[Key(file: type.position.file, name: name)] { return root }
      }
      return index
    }
  }
}
