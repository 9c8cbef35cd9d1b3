// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Writes what the walk of a file found so that another run may use it, whose types, members and
/// files have other numbers.
struct SignalsWriter {
  private let keys: ModelKeys
  private var types = Numbering<TypeID>()
  private var files = Numbering<FileID>()
  private var members = Numbering<MemberID>()
  private var body = ByteWriter()

  private init(_ keys: ModelKeys) { self.keys = keys }

  static func bytes(of signals: FileSignals, _ keys: ModelKeys) -> [UInt8] {
    var writer = SignalsWriter(keys)
    return writer.bytes(of: signals)
  }

  private mutating func bytes(of signals: FileSignals) -> [UInt8] {
    write(signals.references) { writer, reference in
      writer.write(type: reference.from)
      writer.write(type: reference.to)
      writer.body.write(tag: reference.kind.code)
      writer.body.write(text: reference.symbol)
      writer.write(place: reference.position)
      writer.body.write(flag: reference.isByNameAlone)
      writer.body.write(number: reference.extensionFile.map { writer.files[$0] + 1 } ?? 0)
    }
    write(signals.filesUsed.sorted { $0.key < $1.key }) { writer, used in
      writer.body.write(number: writer.files[used.key])
      writer.body.write(number: used.value)
    }
    write(signals.tableUses) { writer, found in
      writer.body.write(text: found.use.table)
      writer.body.write(text: found.use.access.rawValue)
      writer.write(type: found.use.type)
      writer.body.write(text: found.use.function)
      writer.body.write(flag: found.use.inTransaction)
      writer.write(place: found.use.position)
      writer.write(member: found.member)
      writer.body.write(flag: found.isFromSQL)
      writer.write(opening: found.opening)
    }
    write(signals.databaseCalls) { writer, call in
      writer.write(member: call.caller)
      writer.write(member: call.callee)
      writer.body.write(text: call.function)
      writer.body.write(flag: call.inTransaction)
      writer.write(opening: call.opening)
      writer.write(place: call.position)
    }
    write(signals.openings) { writer, opening in
      writer.write(type: opening.opener)
      writer.write(member: opening.member)
      writer.body.write(text: opening.function)
      writer.write(member: opening.wrapper)
      writer.write(opening: opening.outer)
      writer.body.write(flag: opening.joinsOuter)
      writer.write(place: opening.position)
    }
    write(signals.routes) { writer, route in
      writer.body.write(text: route.method)
      writer.write(route.origin)
      writer.write(type: route.registeredBy)
      writer.write(type: route.handler)
      writer.write(place: route.position)
    }
    write(signals.routerPasses) { writer, pass in
      writer.write(RouteOrigin(carrier: pass.carrier, path: ""))
      writer.write(pass.origin)
    }
    write(signals.jobs) { writer, job in
      writer.write(type: job.type)
      writer.body.write(text: job.evidence)
      writer.write(place: job.position)
    }
    write(signals.outboundCalls) { writer, call in
      writer.write(type: call.type)
      writer.body.write(text: call.target)
      writer.write(place: call.position)
    }
    var whole = ByteWriter()
    whole.write(words: types.all.map { keys.types[Int($0.index)] })
    whole.write(words: files.all.map { keys.table.files[Int($0.index)] })
    whole.write(words: members.all.map { keys.table[$0] })
    whole.write(raw: body.bytes)
    return whole.bytes
  }

  private mutating func write<Element>(
    _ list: [Element], _ element: (inout SignalsWriter, Element) -> Void
  ) {
    body.write(number: list.count)
    for item in list { element(&self, item) }
  }

  private mutating func write(type: TypeID) { body.write(number: types[type]) }

  /// 0 for none.
  private mutating func write(member: MemberID?) {
    body.write(number: member.map { members[$0] + 1 } ?? 0)
  }

  /// 0 for none.
  private mutating func write(opening: Int?) { body.write(number: (opening ?? -1) + 1) }

  private mutating func write(place: SourcePosition) {
    body.write(number: Int(place.line))
    body.write(number: Int(place.column))
  }

  private mutating func write(_ origin: RouteOrigin) {
    write(member: origin.carrier?.member)
    body.write(number: (origin.carrier?.parameter ?? -1) + 1)
    body.write(text: origin.path)
  }

  /// Numbers in order of first use.
  private struct Numbering<ID: Hashable> {
    private(set) var all: [ID] = []
    private var numbers: [ID: Int] = [:]

    subscript(id: ID) -> Int {
      mutating get {
        if let number = numbers[id] { return number }
        numbers[id] = all.count
        all.append(id)
        return all.count - 1
      }
    }
  }
}

/// Reads what `SignalsWriter` wrote, with the numbers of this run.
struct SignalsReader: RecordReader {
  private let file: FileID
  private let types: [TypeID]
  private let files: [FileID]
  private let members: [MemberID]
  var bytes: ByteReader

  /// - Throws: also when something that the signals name is not there any more.
  init(_ bytes: ArraySlice<UInt8>, file: FileID, _ numbers: ModelNumbers) throws(DamagedBytes) {
    var reader = ByteReader(bytes)
    self.file = file
    types = try Self.numbers(try reader.words()) { numbers.types[$0] }
    files = try Self.numbers(try reader.words()) { numbers.files[$0] }
    members = try Self.numbers(try reader.words(), numbers.member)
    self.bytes = reader
  }

  private static func numbers<ID>(
    _ keys: [UInt64], _ number: (UInt64) -> ID?
  ) throws(DamagedBytes) -> [ID] {
    var numbers: [ID] = []
    numbers.reserveCapacity(keys.count)
    for key in keys {
      guard let number = number(key) else { throw DamagedBytes() }
      numbers.append(number)
    }
    return numbers
  }

  mutating func signals() throws(DamagedBytes) -> FileSignals {
    var signals = FileSignals()
    signals.references = try list { reader throws(DamagedBytes) in
      var reference = Reference(
        from: try reader.type(), to: try reader.type(), kind: try .init(code: reader.bytes.tag()),
        tier: .syntax, symbol: try reader.bytes.text(), position: try reader.place(),
        isByNameAlone: try reader.bytes.flag())
      let file = try reader.bytes.number()
      if file > 0 { reference.extensionFile = try Self.element(reader.files, file - 1) }
      return reference
    }
    for _ in 0..<(try bytes.count()) {
      let used = try Self.element(files, try bytes.number())
      signals.filesUsed[used] = try bytes.number()
    }
    signals.tableUses = try list { reader throws(DamagedBytes) in try reader.tableUse() }
    signals.databaseCalls = try list { reader throws(DamagedBytes) in
      let caller = try reader.member()
      guard let callee = try reader.member() else { throw DamagedBytes() }
      return DatabaseCall(
        caller: caller, callee: callee, function: try reader.bytes.text(),
        inTransaction: try reader.bytes.flag(), opening: try reader.opening(),
        position: try reader.place())
    }
    signals.openings = try list { reader throws(DamagedBytes) in
      TransactionOpening(
        opener: try reader.type(), member: try reader.member(), function: try reader.bytes.text(),
        wrapper: try reader.member(), outer: try reader.opening(),
        joinsOuter: try reader.bytes.flag(), position: try reader.place())
    }
    signals.routes = try list { reader throws(DamagedBytes) in
      FoundRoute(
        method: try reader.bytes.text(), origin: try reader.origin(),
        registeredBy: try reader.type(), handler: try reader.type(),
        position: try reader.place())
    }
    signals.routerPasses = try list { reader throws(DamagedBytes) in
      guard let carrier = try reader.origin().carrier else { throw DamagedBytes() }
      return RouterPass(carrier: carrier, origin: try reader.origin())
    }
    signals.jobs = try list { reader throws(DamagedBytes) in
      JobDeclaration(
        type: try reader.type(), evidence: try reader.bytes.text(), position: try reader.place())
    }
    signals.outboundCalls = try list { reader throws(DamagedBytes) in
      OutboundCall(
        type: try reader.type(), target: try reader.bytes.text(), position: try reader.place())
    }
    guard bytes.remaining == 0, signals.hasKnownOpenings else { throw DamagedBytes() }
    return signals
  }

  private mutating func tableUse() throws(DamagedBytes) -> FoundTableUse {
    let table = try bytes.text()
    guard let access = TableUse.Access(rawValue: try bytes.text()) else { throw DamagedBytes() }
    let use = TableUse(
      table: table, access: access, type: try type(), function: try bytes.text(),
      inTransaction: try bytes.flag(), position: try place())
    return FoundTableUse(
      use: use, member: try member(), isFromSQL: try bytes.flag(), opening: try opening())
  }

  private static func element<Element>(
    _ list: [Element], _ index: Int
  ) throws(DamagedBytes) -> Element {
    guard list.indices.contains(index) else { throw DamagedBytes() }
    return list[index]
  }

  private mutating func type() throws(DamagedBytes) -> TypeID {
    try Self.element(types, try bytes.number())
  }

  private mutating func member() throws(DamagedBytes) -> MemberID? {
    let number = try bytes.number()
    return number == 0 ? nil : try Self.element(members, number - 1)
  }

  private mutating func opening() throws(DamagedBytes) -> Int? {
    let number = try bytes.number()
    return number == 0 ? nil : number - 1
  }

  private mutating func place() throws(DamagedBytes) -> SourcePosition {
    let (line, column) = (try bytes.index(), try bytes.index())
    return SourcePosition(file: file, line: Int(line), column: Int(column))
  }

  private mutating func origin() throws(DamagedBytes) -> RouteOrigin {
    let member = try member()
    let parameter = try bytes.number() - 1
    return RouteOrigin(
      carrier: member.map { .init(member: $0, parameter: parameter < 0 ? nil : parameter) },
      path: try bytes.text())
  }
}

extension FileSignals {
  /// Every opening that is named is there, and those around another stand before it.
  fileprivate var hasKnownOpenings: Bool {
    tableUses.allSatisfy { $0.opening ?? -1 < openings.count }
      && databaseCalls.allSatisfy { $0.opening ?? -1 < openings.count }
      && openings.enumerated().allSatisfy { $0.element.outer ?? -1 < $0.offset }
  }
}

extension Reference.Kind {
  fileprivate var code: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }

  fileprivate init(code: UInt8) throws(DamagedBytes) {
    guard Self.allCases.indices.contains(Int(code)) else { throw DamagedBytes() }
    self = Self.allCases[Int(code)]
  }
}

/// Keys of the model's types beside those of the table.
struct ModelKeys: Sendable {
  let table: TableKeys
  /// By `TypeID`.
  let types: [UInt64]

  init(_ keys: TableKeys, _ numbering: TypeNumbering) {
    table = keys
    var types = [UInt64](repeating: 0, count: numbering.declarations.count)
    for (nominal, type) in numbering.typeOfNominal.enumerated() {
      if let type { types[Int(type.index)] = keys.nominals[nominal] }
    }
    for (file, type) in numbering.fileScopes.enumerated() {
      if let type { types[Int(type.index)] = ~keys.files[file] }
    }
    self.types = types
  }
}

/// The numbers that keys have in this run.
struct ModelNumbers: Sendable {
  let types: [UInt64: TypeID]
  let files: [UInt64: FileID]
  let member: @Sendable (UInt64) -> MemberID?

  init(_ keys: ModelKeys) {
    var members = [UInt64: MemberID](minimumCapacity: keys.table.members.count)
    for index in 0..<keys.table.members.count {
      members[keys.table.members[index]] = MemberID(index)
    }
    self.init(keys) { [members] in members[$0] }
  }

  /// - Parameter member: the member that has a key.
  init(_ keys: ModelKeys, member: @escaping @Sendable (UInt64) -> MemberID?) {
    func numbers<ID>(_ keys: [UInt64], _ id: (Int) -> ID) -> [UInt64: ID] {
      var numbers = [UInt64: ID](minimumCapacity: keys.count)
      for (index, key) in keys.enumerated() { numbers[key] = id(index) }
      return numbers
    }
    types = numbers(keys.types) { TypeID($0) }
    files = numbers(keys.table.files) { FileID($0) }
    self.member = member
  }
}
