// SPDX-License-Identifier: Apache-2.0

/// Names of types that hold from one revision to the next: module and qualified name; with the path
/// where two types of a module share one, and the path alone for top-level code.
package struct TypeKeys {
  private var keys: [String]

  /// Keys as the model alone gives them.
  package init(_ model: CodeModel) {
    let names = model.types.indices.map { Self.name($0, model) }
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    keys = names.enumerated().map { index, name in
      counts[name] == 1 ? name : Self.key(name, Self.file(index, model))
    }
  }

  /// Keys as a baseline knows them, so that a type keeps its key when another of the same name
  /// comes or goes, or when its file moves.
  ///
  /// Of the types that share a name, those in the files of the baseline take their keys first; what
  /// is left over on both sides has moved. A type that the baseline does not know gets a key that
  /// the baseline has not.
  package init(_ model: CodeModel, knownTo baseline: BoundaryBaseline) {
    let known = KnownKeys(baseline)
    let names = model.types.indices.map { Self.name($0, model) }
    keys = names
    let groups = Dictionary(grouping: names.indices) { names[$0] }
    for (name, members) in groups {
      let files = members.map { Self.file($0, model) }
      let places = Set(files).sorted()
      let taken = known.keys(of: name, in: places)
      for (member, file) in zip(members, files) {
        keys[member] =
          taken[file]
          ?? (members.count == 1 && !known.contains(name) ? name : Self.key(name, file))
      }
    }
  }

  package subscript(index: Int) -> String { keys[index] }
  package subscript(type: TypeID) -> String { keys[Int(type.index)] }

  private static func name(_ index: Int, _ model: CodeModel) -> String {
    let name = model.displayName(TypeID(index))
    return model.types[index].kind == .fileScope ? name : model.types[index].module + "." + name
  }

  private static func file(_ index: Int, _ model: CodeModel) -> String {
    model.location(model.types[index].position).file
  }

  fileprivate static func key(_ name: String, _ file: String) -> String { name + "@" + file }
}

/// The keys of a baseline by the name in them.
private struct KnownKeys {
  private struct Entry {
    var key: String
    var file: String?
  }

  private var entries: [String: [Entry]] = [:]

  init(_ baseline: BoundaryBaseline) {
    for key in baseline.services.flatMap(\.types) + baseline.setApart {
      var file = baseline.files?[key]
      var name = key
      if let known = file, key.hasSuffix("@" + known) {
        name = String(key.dropLast(known.count + 1))
      } else if file == nil, let mark = key.firstIndex(of: "@") {
        name = String(key[..<mark])
        file = String(key[mark...].dropFirst())
      }
      entries[name, default: []].append(Entry(key: key, file: file))
    }
  }

  func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The key of each file that declares a type of the name; files without one are new.
  func keys(of name: String, in files: [String]) -> [String: String] {
    guard let known = entries[name] else { return [:] }
    var taken: [String: String] = [:]
    var rest: [Entry] = []
    for entry in known {
      if let file = entry.file, files.contains(file), taken[file] == nil {
        taken[file] = entry.key
      } else {
        rest.append(entry)
      }
    }
    // The same file name in another folder first: that is how most files move.
    for isMove in [true, false] {
      rest.removeAll { entry in
        guard
          let file = files.first(where: { file in
            taken[file] == nil
              && (!isMove || Self.lastPart(file) == entry.file.map(Self.lastPart))
          })
        else { return false }
        taken[file] = entry.key
        return true
      }
    }
    return taken
  }

  private static func lastPart(_ path: String) -> Substring {
    path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }
}
