// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Writes a symbol table whose passes have all run, so that a later run may ask it for pieces
/// without building it.
struct KeptTableWriter {
  let table: SymbolTable
  let numbering: TypeNumbering
  let tableNames: TableNames
  let keys: ModelKeys
  private var records = TableRecordWriter(bytes: ByteWriter(), texts: TextNumbers())
  private var sections = ByteWriter()

  init(_ table: SymbolTable, _ numbering: TypeNumbering, _ names: TableNames, _ keys: ModelKeys) {
    self.table = table
    self.numbering = numbering
    tableNames = names
    self.keys = keys
  }

  static func bytes(
    _ table: SymbolTable, _ numbering: TypeNumbering, _ names: TableNames, _ keys: ModelKeys
  ) -> [UInt8] {
    var writer = KeptTableWriter(table, numbering, names, keys)
    return writer.bytes()
  }

  private mutating func bytes() -> [UInt8] {
    block(of: table.nominals) { $0.write($1) }
    block(of: table.members) { $0.write($1) }
    block(of: table.scopes) { $0.write($1) }
    writeFiles()
    writeMemberNames()
    writeNames()
    words((0..<keys.table.nominals.count).map { keys.table.nominals[$0] })
    let members = (0..<keys.table.members.count).map { keys.table.members[$0] }
    words(members)
    var order = ByteWriter()
    for index in members.indices.sorted(by: { members[$0] < members[$1] }) {
      order.write(short: index)
    }
    sections.write(section: order.bytes)
    var whole = ByteWriter()
    var texts = BlockWriter()
    for text in records.texts.texts { texts.add { $0.write(raw: text.utf8) } }
    texts.finish(into: &whole)
    whole.write(raw: sections.bytes)
    return whole.bytes
  }

  private mutating func words(_ words: [UInt64]) {
    var bytes = ByteWriter()
    for word in words { bytes.write(fixed: word) }
    sections.write(section: bytes.bytes)
  }

  private mutating func block<Items: Collection>(
    of items: Items, _ write: (inout TableRecordWriter, Items.Element) -> Void
  ) {
    var block = BlockWriter()
    for item in items {
      block.add { bytes in
        swap(&records.bytes, &bytes)
        write(&records, item)
        swap(&records.bytes, &bytes)
      }
    }
    block.finish(into: &sections)
  }

  /// What a file declares and sees, and its part of the model's types.
  private mutating func writeFiles() {
    var types = Array(repeating: [(nominal: Int32?, type: TypeID)](), count: table.files.count)
    for (file, type) in numbering.fileScopes.enumerated() {
      if let type { types[file].append((nil, type)) }
    }
    for (nominal, type) in numbering.typeOfNominal.enumerated() {
      if let type { types[table.nominals[nominal].file].append((Int32(nominal), type)) }
    }
    var large = Array(repeating: [MemberID](), count: table.files.count)
    for index in table.members.indices {
      if numbering.isOfLargeType(table.members[index]) {
        large[table.members[index].file].append(MemberID(index))
      }
    }
    let (table, numbering) = (table, numbering)
    block(of: table.files.indices) { writer, file in
      writer.write(table.scopeOfDeclaration[file]) { $0.bytes.write(number: Int($1.index)) }
      writer.write(table.nominalOfDeclaration[file]) { $0.write(index: $1?.index) }
      writer.write(table.memberOfDeclaration[file]) { $0.write(index: $1?.index) }
      writer.write(table.files[file].exported)
    }
    block(of: table.files.indices) { writer, file in
      writer.write(types[file].sorted { $0.type < $1.type }) { writer, item in
        writer.write(index: item.nominal)
        writer.write(numbering.declarations[Int(item.type.index)])
      }
      writer.write(large[file]) { writer, id in
        let member = numbering.member(id, of: table)
        writer.bytes.write(number: Int(table[id].owner?.index ?? 0))
        writer.write(member.name)
        writer.bytes.write(flag: member.isFunction)
        writer.bytes.write(number: Int(member.position.line))
        writer.bytes.write(number: Int(member.position.column))
      }
    }
  }

  private mutating func writeMemberNames() {
    let names = table.membersByName.all.map { (hash: StableHash($0).value, name: $0) }
      .sorted { ($0.hash, $0.name) < ($1.hash, $1.name) }
    words(names.map(\.hash))
    let table = table
    block(of: names) { writer, item in
      writer.write(item.name)
      writer.write(table.membersByName[item.name] ?? []) {
        $0.bytes.write(number: Int($1.index))
      }
    }
  }

  /// What is looked up by name or gone through as a whole.
  private mutating func writeNames() {
    let (table, names) = (table, tableNames)
    var lists: [[String]: Int] = [:]
    var distinct: [[String]] = []
    let seen = table.visibleModules.map { modules in
      if let known = lists[modules] { return known }
      lists[modules] = distinct.count
      distinct.append(modules)
      return distinct.count - 1
    }
    block(of: 0..<1) { writer, _ in
      writer.write(table.topLevel.sorted { $0.key < $1.key }) { writer, module in
        writer.write(module.key)
        writer.write(module.value.sorted { $0.key < $1.key }) { writer, item in
          writer.write(item.key)
          writer.write(item.value) { $0.bytes.write(number: Int($1.index)) }
        }
      }
      writer.write(table.globals.sorted { $0.key < $1.key }) { writer, module in
        writer.write(module.key)
        writer.write(module.value.sorted { $0.key < $1.key }) { writer, item in
          writer.write(item.key)
          writer.write(item.value) { $0.bytes.write(number: Int($1.index)) }
        }
      }
      writer.write(table.externals.sorted { $0.key < $1.key }) { writer, item in
        writer.write(item.key)
        writer.bytes.write(number: Int(item.value.index))
      }
      writer.write(table.fileScopes) { $0.bytes.write(number: Int($1.index)) }
      writer.write(distinct) { $0.write($1) }
      writer.write(seen) { $0.bytes.write(number: $1) }
      let exported = ModuleVisibility(files: Array(table.files)).exported()
      writer.write(exported.sorted { $0.key < $1.key }) { writer, item in
        writer.write(item.key)
        writer.write(item.value)
      }
      writer.write(names.all.sorted { $0.key < $1.key }) { writer, item in
        writer.bytes.write(number: Int(item.key.index))
        writer.write(item.value)
      }
      writer.write(JobTypes.evidence(in: table, table.nominals.indices.map { NominalID($0) })) {
        writer, item in
        writer.bytes.write(number: Int(item.nominal.index))
        writer.write(item.evidence)
      }
    }
  }
}

extension TableRecordWriter {
  fileprivate mutating func write(_ type: TypeDeclaration) {
    write(type.name)
    write(type.qualifiedName)
    write(type.kind.rawValue)
    bytes.write(number: Int(type.position.line))
    bytes.write(number: Int(type.position.column))
    bytes.write(number: type.memberCount)
  }
}
