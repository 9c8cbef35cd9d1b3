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

  /// Puts both lists in order of key.
  mutating func sort() {
    shapes.sort { $0.key < $1.key }
    entries.sort { $0.key < $1.key }
  }

  /// A name as files list it.
  static func name(_ text: String) -> UInt32 {
    UInt32(truncatingIfNeeded: StableHash(text).value >> 16)
  }
}

/// Stands for each type, member and file of a table.
struct TableKeys: Sendable {
  private(set) var nominals: KeyList
  private(set) var members: KeyList
  let files: [UInt64]

  init(_ table: SymbolTable) {
    nominals = KeyList()
    members = KeyList()
    files = table.files.map { Self.key(ofFile: $0.path, module: $0.module) }
    var seen: [UInt64: Int] = [:]
    // A type stands after the type around it.
    for nominal in table.nominals { nominals.append(Self.numbered(hash(of: nominal), &seen)) }
    for member in table.members { members.append(Self.numbered(hash(of: member), &seen)) }
  }

  /// Keys of an earlier run.
  init(nominals: KeyList, members: KeyList, files: [UInt64]) {
    self.nominals = nominals
    self.members = members
    self.files = files
  }

  static func key(ofFile path: String, module: String) -> UInt64 {
    var hash = StableHash(path)
    hash.add(module)
    return hash.value
  }

  /// What stands for a type, but for others that would have the same key.
  func hash(of nominal: Nominal) -> StableHash {
    var hash = StableHash()
    hash.add(nominal.kind.rawValue)
    if nominal.kind != .external {
      hash.add(nominal.parent.map { self[$0] } ?? 0)
      hash.add(files[nominal.file])
    }
    hash.add(nominal.name)
    return hash
  }

  func hash(of member: Member) -> StableHash {
    var hash = StableHash()
    hash.add(member.owner.map { self[$0] } ?? 1)
    hash.add(files[member.file])
    hash.add(UInt64(member.kind.rawValue))
    hash.add(member.name)
    return hash
  }

  /// The second of what would have one key gets another.
  static func numbered(_ hash: StableHash, _ seen: inout [UInt64: Int]) -> UInt64 {
    let number = seen[hash.value, default: 0]
    seen[hash.value] = number + 1
    guard number > 0 else { return hash.value }
    var numbered = hash
    numbered.add(number)
    return numbered.value
  }

  mutating func add(nominal key: UInt64) { nominals.append(key) }
  mutating func add(member key: UInt64) { members.append(key) }

  subscript(id: NominalID) -> UInt64 { nominals[Int(id.index)] }
  subscript(id: MemberID) -> UInt64 { members[Int(id.index)] }
}

/// Keys, the first of which an earlier run has kept.
struct KeyList: Sendable {
  private let kept: KeptNumbers<UInt64>
  private var added: [UInt64] = []

  init(kept: KeptNumbers<UInt64> = KeptNumbers(bytes: [])) { self.kept = kept }

  var count: Int { kept.count + added.count }

  mutating func append(_ key: UInt64) { added.append(key) }

  subscript(index: Int) -> UInt64 {
    index < kept.count ? kept[index] : added[index - kept.count]
  }
}
