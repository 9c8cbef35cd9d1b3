// SPDX-License-Identifier: Apache-2.0

/// What the walk of a file may learn from a symbol table, as numbers that two runs can compare.
///
/// A walk finds everything by a name that stands in its own file, or through a type it has found.
/// So the table is cut into pieces of two kinds:
/// - the *shape* of a type is what is learned of it without another name: what it is, its
///   supertypes, its bounds, its table, and members that the walk asks for by itself, such as
///   initialisers;
/// - an *entry* is what one name gives in one place: the members of that name of one type, the
///   types or globals of that name in one module.
/// Whatever types are part of a piece, part of it is what they resolved to.
struct TableFingerprint: Sendable {
  struct Shape: Sendable, Equatable {
    /// Stands for the type.
    var key: UInt64
    var hash: UInt64
    var origin: Origin

    enum Origin: UInt64, Sendable {
      case tree
      /// From elsewhere, and the tree only adds members that are looked up by name.
      case elsewhere
      /// From elsewhere, and the tree adds more than that. Its values may stand where its name does
      /// not, before the tree says anything about it.
      case elsewhereWithMore
    }
  }

  struct Entry: Sendable, Equatable {
    enum Kind: UInt8, Sendable { case members, nestedType, types, globals }
    /// Stands for the place and the name.
    var key: UInt64
    /// Key of the type, or of the module.
    var owner: UInt64
    var hash: UInt64
    var name: UInt32
    /// Members.
    var count: UInt32
    var kind: Kind
    /// The name alone can lead to the member, without its type.
    var isFoundAlone: Bool
  }

  /// What everything depends on: which modules there are.
  var modules: UInt64 = 0
  /// By key.
  var shapes: [Shape] = []
  /// By key.
  var entries: [Entry] = []
  /// What each file sees of other modules, by file.
  var visibility: [UInt64] = []

  /// A name as files list it.
  static func name(_ text: String) -> UInt32 {
    UInt32(truncatingIfNeeded: StableHash(text).value >> 16)
  }
}

/// Stands for each type, member and file of a table.
struct TableKeys: Sendable {
  private(set) var nominals: [UInt64] = []
  private(set) var members: [UInt64] = []
  private(set) var files: [UInt64] = []

  init(_ table: SymbolTable) {
    files = table.files.map { file in
      var hash = StableHash(file.path)
      hash.add(file.module)
      return hash.value
    }
    var seen: [UInt64: Int] = [:]
    nominals.reserveCapacity(table.nominals.count)
    // A type stands after the type around it.
    for nominal in table.nominals {
      var hash = StableHash()
      hash.add(nominal.kind.rawValue)
      if nominal.kind != .external {
        hash.add(nominal.parent.map { nominals[Int($0.index)] } ?? 0)
        hash.add(files[nominal.file])
      }
      hash.add(nominal.name)
      nominals.append(Self.numbered(hash, &seen))
    }
    members.reserveCapacity(table.members.count)
    for member in table.members {
      var hash = StableHash()
      hash.add(member.owner.map { nominals[Int($0.index)] } ?? 1)
      hash.add(files[member.file])
      hash.add(UInt64(member.kind.rawValue))
      hash.add(member.name)
      members.append(Self.numbered(hash, &seen))
    }
  }

  /// The second of what would have one key gets another.
  private static func numbered(_ hash: StableHash, _ seen: inout [UInt64: Int]) -> UInt64 {
    let number = seen[hash.value, default: 0]
    seen[hash.value] = number + 1
    guard number > 0 else { return hash.value }
    var numbered = hash
    numbered.add(number)
    return numbered.value
  }

  subscript(id: NominalID) -> UInt64 { nominals[Int(id.index)] }
  subscript(id: MemberID) -> UInt64 { members[Int(id.index)] }
}
