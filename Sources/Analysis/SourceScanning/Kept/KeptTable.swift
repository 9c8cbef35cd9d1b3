// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// The symbol table of an earlier run, of which each piece is read when it is asked for.
final class KeptTable: Sendable {
  let nominals: KeptRecords<Nominal>
  let members: KeptRecords<Member>
  let scopes: KeptRecords<Scope>
  let declarations: KeptRecords<Declared>
  let names: Names
  /// Raised when something is not what was written.
  let damage: Doubt
  let nominalKeys: KeptNumbers<UInt64>
  let memberKeys: KeptNumbers<UInt64>
  private let membersByKey: KeptNumbers<UInt32>
  private let texts: KeptBlock
  private let types: KeptBlock
  private let memberNames: KeptNumbers<UInt64>
  private let membersOfName: KeptBlock

  /// What the declarations of a file became.
  struct Declared: Sendable {
    var scopes: [ScopeID] = []
    var nominals: [NominalID?] = []
    var members: [MemberID?] = []
    var exported: [String] = []
  }

  /// What is read at once.
  struct Names: Sendable {
    var topLevel: [String: [String: [NominalID]]] = [:]
    var globals: [String: [String: [MemberID]]] = [:]
    var externals: [String: NominalID] = [:]
    var fileScopes: [ScopeID] = []
    var visibleModules: [[String]] = []
    var exported: [String: [String]] = [:]
    var tables: [NominalID: String] = [:]
    var jobs: [JobTypes.Evidence] = []
  }

  /// Types of the model that a file declares, and its members of large types.
  struct Types: Sendable {
    /// Without a nominal: the scope of the file.
    var types: [(nominal: NominalID?, declaration: TypeDeclaration)] = []
    var members: [(owner: NominalID, member: MemberDeclaration)] = []
  }

  init(from bytes: ArraySlice<UInt8>) throws(DamagedBytes) {
    var reader = ByteReader(bytes)
    let texts = try KeptBlock(from: &reader)
    let blocks = [
      try KeptBlock(from: &reader), try KeptBlock(from: &reader), try KeptBlock(from: &reader),
      try KeptBlock(from: &reader),
    ]
    types = try KeptBlock(from: &reader)
    memberNames = KeptNumbers(bytes: try reader.raw(try reader.count()))
    membersOfName = try KeptBlock(from: &reader)
    var names = TableRecordReader(try KeptBlock(from: &reader).record(0), texts: texts)
    nominalKeys = KeptNumbers(bytes: try reader.raw(try reader.count()))
    memberKeys = KeptNumbers(bytes: try reader.raw(try reader.count()))
    membersByKey = KeptNumbers(bytes: try reader.raw(try reader.count()))
    let damage = Doubt()
    func records<Record>(
      _ block: KeptBlock, _ standIn: Record,
      _ read: @escaping @Sendable (inout TableRecordReader) throws(DamagedBytes) -> Record
    ) -> KeptRecords<Record> {
      KeptRecords(count: block.count) { index in
        do throws(DamagedBytes) {
          var reader = TableRecordReader(try block.record(index), texts: texts)
          return try read(&reader)
        } catch {
          damage.note()
          return standIn
        }
      }
    }
    nominals = records(blocks[0], Nominal(name: "", kind: .external, file: 0)) {
      reader throws(DamagedBytes) in try reader.nominalRecord()
    }
    members = records(blocks[1], Member.standIn(file: 0)) {
      reader throws(DamagedBytes) in try reader.memberRecord()
    }
    scopes = records(blocks[2], Scope(parent: nil, nominal: nil, file: 0)) {
      reader throws(DamagedBytes) in try reader.scope()
    }
    declarations = records(blocks[3], Declared()) {
      reader throws(DamagedBytes) in try reader.declared()
    }
    self.names = try names.names()
    self.damage = damage
    self.texts = texts
    let counts = (nominalKeys.count, memberKeys.count, membersByKey.count, types.count)
    guard counts == (nominals.count, members.count, members.count, declarations.count),
      memberNames.count == membersOfName.count,
      self.names.fileScopes.count == types.count, self.names.visibleModules.count == types.count
    else { throw DamagedBytes() }
  }

  /// Members of a name.
  func members(named name: String) -> [MemberID]? {
    let hash = StableHash(name).value
    var index = Self.first(of: hash, in: memberNames.count) { memberNames[$0] }
    do throws(DamagedBytes) {
      while index < memberNames.count, memberNames[index] == hash {
        var reader = TableRecordReader(try membersOfName.record(index), texts: texts)
        if try reader.text() == name {
          return try reader.list { reader throws(DamagedBytes) in try reader.member() }
        }
        index += 1
      }
    } catch { damage.note() }
    return nil
  }

  /// The member that has a key.
  func member(withKey key: UInt64) -> MemberID? {
    let index = Self.first(of: key, in: membersByKey.count) { memberKeys[Int(membersByKey[$0])] }
    guard index < membersByKey.count else { return nil }
    let member = Int(membersByKey[index])
    return memberKeys[member] == key ? MemberID(member) : nil
  }

  /// Index of the first of sorted words that is not below one.
  static func first(of word: UInt64, in count: Int, _ words: (Int) -> UInt64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if words(middle) < word { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func types(of file: Int, module: String) throws(DamagedBytes) -> Types {
    var reader = TableRecordReader(try types.record(file), texts: texts)
    var types = Types()
    types.types = try reader.list { reader throws(DamagedBytes) in
      let nominal = try reader.index().map { NominalID($0) }
      return (nominal, try reader.declaration(file: file, module: module))
    }
    types.members = try reader.list { reader throws(DamagedBytes) in
      let owner = try reader.nominal()
      let (name, isFunction) = (try reader.text(), try reader.bytes.flag())
      // The type's number is put in by whoever knows it.
      let member = MemberDeclaration(
        owner: TypeID(0), name: name, isFunction: isFunction,
        position: try reader.position(file: file))
      return (owner, member)
    }
    return types
  }
}

extension Member {
  /// Stands for a member that nobody should have asked for.
  static func standIn(file: Int) -> Member {
    Member(
      name: "", kind: .variable, owner: nil, file: file, declaration: Handle(0),
      scope: ScopeID(0), isStatic: false, access: .file)
  }
}

extension TableRecordReader {
  fileprivate mutating func position(file: Int) throws(DamagedBytes) -> SourcePosition {
    let line = Int(try bytes.index())
    return SourcePosition(file: FileID(file), line: line, column: Int(try bytes.index()))
  }

  fileprivate mutating func declaration(
    file: Int, module: String
  ) throws(DamagedBytes) -> TypeDeclaration {
    let (name, qualified) = (try text(), try text())
    guard let kind = TypeDeclaration.Kind(rawValue: try text()) else { throw DamagedBytes() }
    return TypeDeclaration(
      name: name, qualifiedName: qualified, module: module, kind: kind,
      position: try position(file: file), memberCount: try bytes.number())
  }

  fileprivate mutating func declared() throws(DamagedBytes) -> KeptTable.Declared {
    var declared = KeptTable.Declared()
    declared.scopes = try list { reader throws(DamagedBytes) in try reader.scopeNumber() }
    declared.nominals = try list { reader throws(DamagedBytes) in
      try reader.index().map { NominalID($0) }
    }
    declared.members = try list { reader throws(DamagedBytes) in
      try reader.index().map { MemberID($0) }
    }
    declared.exported = try list { reader throws(DamagedBytes) in try reader.text() }
    return declared
  }

  fileprivate mutating func names() throws(DamagedBytes) -> KeptTable.Names {
    var names = KeptTable.Names()
    names.topLevel = try map { reader throws(DamagedBytes) in
      try reader.map { reader throws(DamagedBytes) in
        try reader.list { reader throws(DamagedBytes) in try reader.nominal() }
      }
    }
    names.globals = try map { reader throws(DamagedBytes) in
      try reader.map { reader throws(DamagedBytes) in
        try reader.list { reader throws(DamagedBytes) in try reader.member() }
      }
    }
    names.externals = try map { reader throws(DamagedBytes) in try reader.nominal() }
    names.fileScopes = try list { reader throws(DamagedBytes) in try reader.scopeNumber() }
    let lists = try list { reader throws(DamagedBytes) in
      try reader.list { reader throws(DamagedBytes) in try reader.text() }
    }
    names.visibleModules = try list { reader throws(DamagedBytes) in
      let number = try reader.bytes.number()
      guard lists.indices.contains(number) else { throw DamagedBytes() }
      return lists[number]
    }
    names.exported = try map { reader throws(DamagedBytes) in
      try reader.list { reader throws(DamagedBytes) in try reader.text() }
    }
    let tables = try list { reader throws(DamagedBytes) in
      (try reader.nominal(), try reader.text())
    }
    names.tables = Dictionary(tables, uniquingKeysWith: { first, _ in first })
    names.jobs = try list { reader throws(DamagedBytes) in
      JobTypes.Evidence(nominal: try reader.nominal(), evidence: try reader.text())
    }
    return names
  }
}
