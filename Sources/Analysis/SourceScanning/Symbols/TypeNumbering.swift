// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Numbers the types of the model: by file, a file's own scope first, then by position.
struct TypeNumbering: Sendable {
  private(set) var declarations: [TypeDeclaration] = []
  /// The pseudo type of each file that has code outside of types.
  private(set) var fileScopes: [TypeID?]
  private(set) var typeOfNominal: [TypeID?]
  /// Types whose members are told though they have few.
  private var told: Set<TypeID> = []

  /// - Parameter told: such types, as module and qualified name.
  init(table: SymbolTable, telling told: Set<String> = []) {
    fileScopes = Array(repeating: nil, count: table.files.count)
    typeOfNominal = Array(repeating: nil, count: table.nominals.count)
    var byFile: [[NominalID]] = Array(repeating: [], count: table.files.count)
    for index in table.nominals.indices {
      byFile[table.nominals[index].file].append(NominalID(index))
    }
    for file in table.files.indices { add(file, byFile[file], in: table) }
    guard !told.isEmpty else { return }
    self.told = Set(
      declarations.indices.filter {
        told.contains(declarations[$0].module + "." + declarations[$0].qualifiedName)
      }.map { TypeID($0) })
  }

  /// - Parameters:
  ///   - files: types of the model by file of an earlier run; `nil` where they are to be numbered.
  ///   - nominals: types that those others declare.
  init(table: SymbolTable, files: [KeptTable.Types?], _ nominals: [NominalID]) {
    // The last one is that of what is not there any more.
    fileScopes = Array(repeating: nil, count: files.count + 1)
    typeOfNominal = Array(repeating: nil, count: table.nominals.count)
    var byFile: [Int: [NominalID]] = [:]
    for id in nominals { byFile[table[id].file, default: []].append(id) }
    for (file, kept) in files.enumerated() {
      guard let kept else {
        add(file, byFile[file] ?? [], in: table)
        continue
      }
      for (nominal, declaration) in kept.types {
        let type = TypeID(declarations.count)
        if let nominal { typeOfNominal[Int(nominal.index)] = type } else { fileScopes[file] = type }
        declarations.append(declaration)
      }
    }
  }

  /// Extensions elsewhere may have added members to a type whose file is as it was.
  mutating func count(membersOf id: NominalID, in table: SymbolTable) {
    guard let type = typeOfNominal[Int(id.index)] else { return }
    declarations[Int(type.index)].memberCount = table[id].memberCount
  }

  private mutating func add(_ file: Int, _ nominals: [NominalID], in table: SymbolTable) {
    if let loose = Self.looseMembers(of: file, in: table) {
      fileScopes[file] = TypeID(declarations.count)
      declarations.append(Self.fileScope(of: file, loose, in: table))
    }
    let facts = table.files[file]
    func offset(_ id: NominalID) -> UInt32 {
      table[id].declaration.map { facts[$0].offset } ?? 0
    }
    let numbered = nominals.filter { Self.isNumbered(table[$0]) }
    for id in numbered.sorted(by: { offset($0) < offset($1) }) {
      typeOfNominal[Int(id.index)] = TypeID(declarations.count)
      declarations.append(Self.declaration(of: id, at: offset(id), in: table))
    }
  }

  /// Whether a type has so many members that they are told one by one.
  func isLarge(_ type: TypeID) -> Bool {
    let declaration = declarations[Int(type.index)]
    return declaration.kind != .fileScope
      && (declaration.memberCount >= MemberDeclaration.leastOfLargeType || told.contains(type))
  }

  /// The file of a declaration, where that is not the file of its type.
  func extensionFile(of type: TypeID, _ file: Int) -> FileID? {
    let file = FileID(file)
    return declarations[Int(type.index)].position.file == file ? nil : file
  }

  /// Members of the large types, in order of place.
  func members(of table: SymbolTable) -> [MemberDeclaration] {
    let found = table.members.indices.filter { isOfLargeType(table.members[$0]) }
    return Self.sorted(found.map { member(MemberID($0), of: table) })
  }

  /// As a model lists them.
  static func sorted(_ members: [MemberDeclaration]) -> [MemberDeclaration] {
    members.sorted { ($0.position, $0.name) < ($1.position, $1.name) }
  }

  func isOfLargeType(_ member: Member) -> Bool {
    member.owner.flatMap { typeOfNominal[Int($0.index)] }.map(isLarge) ?? false
  }

  /// A member of a type of the tree.
  func member(_ id: MemberID, of table: SymbolTable) -> MemberDeclaration {
    let member = table[id]
    let facts = table.files[member.file]
    let place = facts.location(of: facts[member.declaration].offset)
    return MemberDeclaration(
      owner: member.owner.flatMap { typeOfNominal[Int($0.index)] } ?? TypeID(0),
      name: member.name,
      isFunction: [.function, .initializer, .subscript].contains(member.kind),
      position: SourcePosition(
        file: FileID(member.file), line: place.line, column: place.column))
  }

  /// The type that stands for a nominal; `nil` for types from elsewhere.
  func type(of id: NominalID, in table: SymbolTable) -> TypeID? {
    table.accountable(id).flatMap { typeOfNominal[Int($0.index)] }
  }

  private static func isNumbered(_ nominal: Nominal) -> Bool {
    switch nominal.kind {
    case .class, .struct, .enum, .actor, .protocol: true
    case .alias: nominal.parent == nil
    case .associatedType, .external: false
    }
  }

  /// Number of members of a file's scope: globals and extensions of types from elsewhere; `nil`
  /// when the file has no code outside of types.
  private static func looseMembers(of file: Int, in table: SymbolTable) -> Int? {
    let facts = table.files[file]
    var count = 0
    var hasCode = facts.topLevel != nil
    for index in facts.declarations.indices {
      if facts.declarations[index].kind == .extension {
        let extended = table.nominalOfDeclaration[file][index]
        if extended.map({ table.accountable($0) == nil }) ?? true { hasCode = true }
      } else if let member = table.memberOfDeclaration[file][index] {
        let owner = table[member].owner
        if owner.map({ table.accountable($0) == nil }) ?? true { count += 1 }
      }
    }
    return hasCode || count > 0 ? count : nil
  }

  private static func fileScope(
    of file: Int, _ members: Int, in table: SymbolTable
  ) -> TypeDeclaration {
    let facts = table.files[file]
    let name = facts.path.split(separator: "/").last.map(String.init) ?? facts.path
    return TypeDeclaration(
      name: name, qualifiedName: facts.path, module: facts.module, kind: .fileScope,
      position: SourcePosition(file: FileID(file), line: 1, column: 1), memberCount: members)
  }

  private static func declaration(
    of id: NominalID, at offset: UInt32, in table: SymbolTable
  ) -> TypeDeclaration {
    let nominal = table[id]
    let facts = table.files[nominal.file]
    let place = facts.location(of: offset)
    var path = [nominal.name]
    var parent = nominal.parent
    while let outer = parent {
      path.append(table[outer].name)
      parent = table[outer].parent
    }
    return TypeDeclaration(
      name: nominal.name, qualifiedName: path.reversed().joined(separator: "."),
      module: facts.module, kind: kind(of: nominal),
      position: SourcePosition(
        file: FileID(nominal.file), line: place.line, column: place.column),
      memberCount: nominal.memberCount)
  }

  private static func kind(of nominal: Nominal) -> TypeDeclaration.Kind {
    switch nominal.kind {
    case .class: .class
    case .struct: .struct
    case .enum: .enum
    case .actor: .actor
    case .protocol: .protocol
    case .alias, .associatedType, .external: .typealias
    }
  }
}
