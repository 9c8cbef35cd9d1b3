// SPDX-License-Identifier: Apache-2.0

/// Writes what a symbol table is made of. Texts stand in a list of their own.
struct TableRecordWriter {
  var bytes: ByteWriter
  var texts: TextNumbers

  mutating func write(_ text: String) { bytes.write(number: texts[text]) }

  mutating func write(_ texts: [String]) { write(texts) { $0.write($1) } }

  mutating func write<Element>(
    _ list: [Element], _ element: (inout TableRecordWriter, Element) -> Void
  ) {
    bytes.write(number: list.count)
    for item in list { element(&self, item) }
  }

  /// 0 for none.
  mutating func write(index: Int32?) { bytes.write(number: index.map { Int($0) + 1 } ?? 0) }

  mutating func write(_ type: ScopedType) {
    // Nodes of bodies have numbers below zero.
    bytes.write(number: Int(UInt32(bitPattern: type.type.index)))
    bytes.write(number: Int(type.scope.index))
  }

  mutating func write(_ scope: Scope) {
    write(index: scope.parent?.index)
    write(index: scope.nominal?.index)
    bytes.write(number: scope.file)
    bytes.write(flag: scope.isExtension)
    write(scope.generics.sorted { $0.key < $1.key }) { writer, item in
      writer.write(item.key)
      writer.write(item.value) { $0.write($1) }
    }
    write(scope.localTypes.sorted { $0.key < $1.key }) { writer, item in
      writer.write(item.key)
      writer.bytes.write(number: Int(item.value.index))
    }
  }

  mutating func write(_ nominal: Nominal) {
    write(nominal.name)
    bytes.write(number: Int(nominal.kind.rawValue))
    bytes.write(number: nominal.file)
    write(index: nominal.declaration?.index)
    write(index: nominal.parent?.index)
    bytes.write(number: Int(nominal.access.rawValue))
    write(nominal.genericParameters)
    write(index: nominal.scope?.index)
    write(nominal.inherited) { $0.write($1) }
    bytes.write(flag: nominal.aliased != nil)
    if let aliased = nominal.aliased { write(aliased) }
    write(nominal.supertypes) { $0.bytes.write(number: Int($1.index)) }
    write(nominal.externalSupertypes)
    write(nominal.lineage) { $0.bytes.write(number: Int($1.index)) }
    write(nominal.members.sorted { $0.key < $1.key }) { writer, item in
      writer.write(item.key)
      writer.write(item.value) { $0.bytes.write(number: Int($1.index)) }
    }
    bytes.write(number: nominal.memberCount)
    write(nominal.nested.sorted { $0.key < $1.key }) { writer, item in
      writer.write(item.key)
      writer.bytes.write(number: Int(item.value.index))
    }
    bytes.write(number: nominal.birth)
    bytes.write(number: nominal.extensionCount)
    bytes.write(flag: nominal.isIrregular)
  }

  mutating func write(_ member: Member) {
    write(member.name)
    bytes.write(number: Int(member.kind.rawValue))
    write(index: member.owner?.index)
    bytes.write(number: member.file)
    bytes.write(number: Int(member.declaration.index))
    bytes.write(number: Int(member.scope.index))
    bytes.write(flag: member.isStatic)
    bytes.write(number: Int(member.access.rawValue))
    bytes.write(flag: member.isInExtension)
    bytes.write(flag: member.isOrderSensitive)
    write(member.type)
    write(member.parameterTypes) { $0.write($1) }
  }

  mutating func write(_ type: InferredType) {
    switch type {
    case .unknown: bytes.write(tag: 0)
    case .nominal(let id, let arguments):
      bytes.write(tag: 1)
      bytes.write(number: Int(id.index))
      write(arguments) { $0.write($1) }
    case .external(let name, let arguments):
      bytes.write(tag: 2)
      write(name)
      write(arguments) { $0.write($1) }
    case .generic(let name, let scope):
      bytes.write(tag: 3)
      write(name)
      bytes.write(number: Int(scope.index))
    case .associated(let id):
      bytes.write(tag: 4)
      bytes.write(number: Int(id.index))
    case .composition(let parts):
      bytes.write(tag: 5)
      write(parts) { $0.write($1) }
    case .metatype(let instance):
      bytes.write(tag: 6)
      write(instance)
    case .function(let parameters, let result):
      bytes.write(tag: 7)
      write(parameters) { $0.write($1) }
      write(result)
    case .tuple(let elements):
      bytes.write(tag: 8)
      write(elements) { writer, element in
        writer.bytes.write(flag: element.label != nil)
        if let label = element.label { writer.write(label) }
        writer.write(element.type)
      }
    case .router(let origin):
      bytes.write(tag: 9)
      write(index: origin.carrier?.member.index)
      bytes.write(number: (origin.carrier?.parameter ?? -1) + 1)
      write(origin.path)
    case .query(let id):
      bytes.write(tag: 10)
      bytes.write(number: Int(id.index))
    }
  }
}

/// Reads what `TableRecordWriter` wrote.
struct TableRecordReader: RecordReader {
  var bytes: ByteReader
  let texts: KeptBlock

  init(_ record: ArraySlice<UInt8>, texts: KeptBlock) {
    bytes = ByteReader(record)
    self.texts = texts
  }

  mutating func text() throws(DamagedBytes) -> String {
    String(decoding: try texts.record(try bytes.number()), as: UTF8.self)
  }

  mutating func map<Value>(
    _ value: (inout TableRecordReader) throws(DamagedBytes) -> Value
  ) throws(DamagedBytes) -> [String: Value] {
    let count = try bytes.count()
    var map: [String: Value] = [:]
    map.reserveCapacity(count)
    for _ in 0..<count {
      let name = try text()
      map[name] = try value(&self)
    }
    return map
  }

  mutating func index() throws(DamagedBytes) -> Int? {
    let number = try bytes.number()
    return number == 0 ? nil : number - 1
  }

  mutating func nominal() throws(DamagedBytes) -> NominalID {
    NominalID(Int(try bytes.index()))
  }
  mutating func member() throws(DamagedBytes) -> MemberID { MemberID(Int(try bytes.index())) }
  mutating func scopeNumber() throws(DamagedBytes) -> ScopeID { ScopeID(Int(try bytes.index())) }

  mutating func scopedType() throws(DamagedBytes) -> ScopedType {
    let type = Int32(bitPattern: try bytes.offset())
    return ScopedType(type: Handle(Int(type)), scope: try scopeNumber())
  }

  private mutating func access() throws(DamagedBytes) -> Declaration.Access {
    guard let access = Declaration.Access(rawValue: Int8(truncatingIfNeeded: try bytes.number()))
    else { throw DamagedBytes() }
    return access
  }

  mutating func scope() throws(DamagedBytes) -> Scope {
    let parent = try index().map { ScopeID($0) }
    let nominal = try index().map { NominalID($0) }
    var scope = Scope(parent: parent, nominal: nominal, file: try bytes.number())
    scope.isExtension = try bytes.flag()
    scope.generics = try map { reader throws(DamagedBytes) in
      try reader.list { reader throws(DamagedBytes) in try reader.scopedType() }
    }
    scope.localTypes = try map { reader throws(DamagedBytes) in try reader.nominal() }
    return scope
  }

  mutating func nominalRecord() throws(DamagedBytes) -> Nominal {
    let name = try text()
    guard let kind = Nominal.Kind(rawValue: UInt64(truncatingIfNeeded: try bytes.number())) else {
      throw DamagedBytes()
    }
    var nominal = Nominal(name: name, kind: kind, file: try bytes.number())
    nominal.declaration = try index().map { Handle($0) }
    nominal.parent = try index().map { NominalID($0) }
    nominal.access = try access()
    nominal.genericParameters = try list { reader throws(DamagedBytes) in try reader.text() }
    nominal.scope = try index().map { ScopeID($0) }
    nominal.inherited = try list { reader throws(DamagedBytes) in try reader.scopedType() }
    if try bytes.flag() { nominal.aliased = try scopedType() }
    nominal.supertypes = try list { reader throws(DamagedBytes) in try reader.nominal() }
    nominal.externalSupertypes = try list { reader throws(DamagedBytes) in try reader.text() }
    nominal.lineage = try list { reader throws(DamagedBytes) in try reader.nominal() }
    nominal.members = try map { reader throws(DamagedBytes) in
      try reader.list { reader throws(DamagedBytes) in try reader.member() }
    }
    nominal.memberCount = try bytes.number()
    nominal.nested = try map { reader throws(DamagedBytes) in try reader.nominal() }
    nominal.birth = try bytes.number()
    nominal.extensionCount = try bytes.number()
    nominal.isIrregular = try bytes.flag()
    return nominal
  }

  mutating func memberRecord() throws(DamagedBytes) -> Member {
    let name = try text()
    guard let kind = Member.Kind(rawValue: UInt64(truncatingIfNeeded: try bytes.number())) else {
      throw DamagedBytes()
    }
    let owner = try index().map { NominalID($0) }
    var member = Member(
      name: name, kind: kind, owner: owner, file: try bytes.number(),
      declaration: Handle(try bytes.number()), scope: try scopeNumber(),
      isStatic: try bytes.flag(), access: try access())
    member.isInExtension = try bytes.flag()
    member.isOrderSensitive = try bytes.flag()
    member.type = try type()
    member.parameterTypes = try types()
    return member
  }

  private mutating func types() throws(DamagedBytes) -> [InferredType] {
    try list { reader throws(DamagedBytes) in try reader.type() }
  }

  mutating func type() throws(DamagedBytes) -> InferredType {
    switch try bytes.tag() {
    case 0: .unknown
    case 1: .nominal(try nominal(), try types())
    case 2: .external(try text(), try types())
    case 3: .generic(try text(), try scopeNumber())
    case 4: .associated(try nominal())
    case 5: .composition(try types())
    case 6: .metatype(try type())
    case 7: .function(try types(), result: try type())
    case 8:
      .tuple(
        try list { reader throws(DamagedBytes) in
          let label = try reader.bytes.flag() ? try reader.text() : nil
          return InferredType.Element(label: label, type: try reader.type())
        })
    case 9: .router(try origin())
    case 10: .query(try nominal())
    default: throw DamagedBytes()
    }
  }

  private mutating func origin() throws(DamagedBytes) -> RouteOrigin {
    let member = try index().map { MemberID($0) }
    let parameter = try index()
    return RouteOrigin(
      carrier: member.map { .init(member: $0, parameter: parameter) }, path: try text())
  }
}
