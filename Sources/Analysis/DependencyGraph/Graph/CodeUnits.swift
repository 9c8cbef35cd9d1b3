// SPDX-License-Identifier: Apache-2.0

/// The pieces that move as one: a type together with the types nested in it in the same file.
///
/// A nested type that an extension declares in another file is a unit of its own, so that a
/// namespace spread over many files does not glue them together.
struct CodeUnits: Sendable {
  struct Unit: Sendable {
    /// Stable identity: the module and the name, with the path where two types share both.
    var identity: String
    /// Types in order of position; the first is the outermost.
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
    let roots = Self.outermostTypes(model)
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
        Unit(identity: isUnique ? name : name + "@" + path, types: types, file: file))
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

  /// For each type the index of the outermost type around it in the same file.
  private static func outermostTypes(_ model: CodeModel) -> [Int] {
    struct Key: Hashable {
      var file: FileID
      var name: String
    }
    var declared: [Key: Int] = [:]
    for (index, type) in model.types.enumerated() where type.kind != .fileScope {
      let key = Key(file: type.position.file, name: type.qualifiedName)
      if declared[key] == nil { declared[key] = index }
    }
    return model.types.enumerated().map { index, type in
      guard type.kind != .fileScope, type.qualifiedName.contains(".") else { return index }
      let parts = type.qualifiedName.split(separator: ".")
      for length in 1..<max(1, parts.count) {
        let name = parts.prefix(length).joined(separator: ".")
        if let root = declared[Key(file: type.position.file, name: name)] { return root }
      }
      return index
    }
  }
}
