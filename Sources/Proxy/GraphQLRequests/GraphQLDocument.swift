// SPDX-License-Identifier: Apache-2.0

/// The operations of a document and the fields at their roots.
///
/// What is below the roots is passed over, bracket by bracket: tokens and depth are bounded, and
/// nothing recurses into what a client sends but fragments at the root.
struct GraphQLDocument {
  /// Most tokens that are read; graphql-java reads 15,000 unless told otherwise.
  static let mostTokens = 15_000
  /// Deepest nesting of brackets of all sorts.
  static let mostDepth = 200

  /// What stands between the braces of a root.
  private struct Selections {
    var fields: [String] = []
    var spreads: [String] = []
  }

  private struct Operation {
    var kind: GraphQLOperation.Kind
    var name: String?
    var selections: Selections
  }

  private var operations: [Operation] = []
  private var fragments: [String: Selections] = [:]
  private let bytes: UnsafeRawBufferPointer
  private var lexer: GraphQLLexer
  private var token = GraphQLLexer.Token.end

  init(parsing bytes: UnsafeRawBufferPointer) throws(GraphQLUndecided) {
    self.bytes = bytes
    lexer = GraphQLLexer(bytes, mostTokens: Self.mostTokens)
    try advance()
    while token != .end { try readDefinition() }
    if operations.isEmpty { throw .malformed }
    let names = operations.map(\.name)
    // Of two operations without a name, or of the same one, none can be meant.
    if Set(names).count < names.count || names.count > 1 && names.contains(nil) {
      throw .malformed
    }
  }

  /// The operation that a request has executed, by the name it gives, if it gives one.
  func operation(named name: String?) throws(GraphQLUndecided) -> GraphQLOperation {
    let chosen: Operation
    if let name, !name.isEmpty {
      guard let found = operations.first(where: { $0.name == name }) else {
        throw .unknownOperation
      }
      chosen = found
    } else {
      guard operations.count == 1 else { throw .ambiguous }
      chosen = operations[0]
    }
    return GraphQLOperation(
      kind: chosen.kind, name: chosen.name, rootFields: try rootFields(chosen.selections))
  }

  /// Each fragment is looked into once, however often it is spread; one that contains itself is
  /// refused by whoever executes it.
  private func rootFields(_ selections: Selections) throws(GraphQLUndecided) -> [String] {
    var fields = Set(selections.fields)
    var seen: Set<String> = []
    var waiting = selections.spreads
    while let name = waiting.popLast() {
      if !seen.insert(name).inserted { continue }
      guard let fragment = fragments[name] else { throw .unknownFragment }
      fields.formUnion(fragment.fields)
      waiting += fragment.spreads
    }
    return fields.sorted()
  }

  // MARK: - Reading

  private mutating func advance() throws(GraphQLUndecided) { token = try lexer.next() }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  private func isAt(_ character: Unicode.Scalar) -> Bool {
    token == .punctuator(UInt8(ascii: character))
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(GraphQLUndecided) {
    guard isAt(character) else { throw .malformed }
    try advance()
  }

  private mutating func readName() throws(GraphQLUndecided) -> String {
    guard case .name(let range) = token else { throw .malformed }
    let name = text(range)
    try advance()
    return name
  }

  private mutating func readDefinition() throws(GraphQLUndecided) {
    // A description may stand before it.
    if token == .value { try advance() }
    if isAt("{") {
      let selections = try readSelections()
      return operations.append(Operation(kind: .query, name: nil, selections: selections))
    }
    let keyword = try readName()
    if keyword == "fragment" { return try readFragment() }
    guard let kind = GraphQLOperation.Kind(rawValue: keyword) else { throw .malformed }
    var name: String?
    if case .name = token { name = try readName() }
    if isAt("(") { try skipBrackets() }
    try skipDirectives()
    operations.append(Operation(kind: kind, name: name, selections: try readSelections()))
  }

  private mutating func readFragment() throws(GraphQLUndecided) {
    let name = try readName()
    if name == "on" { throw .malformed }
    guard try readName() == "on" else { throw .malformed }
    _ = try readName()
    try skipDirectives()
    guard fragments[name] == nil else { throw .malformed }
    fragments[name] = try readSelections()
  }

  /// The fields of a root; those of inline fragments are the root's own.
  private mutating func readSelections() throws(GraphQLUndecided) -> Selections {
    var selections = Selections()
    try expect("{")
    var depth = 1
    var isEmpty = true
    while depth > 0 {
      if isAt("}") {
        if isEmpty { throw .malformed }
        depth -= 1
        try advance()
      } else if token == .spread {
        try advance()
        if try readSpread(&selections) {
          depth += 1
          guard depth <= Self.mostDepth else { throw .tooDeep }
          isEmpty = true
          continue
        }
      } else {
        selections.fields.append(try readField())
      }
      isEmpty = false
    }
    return selections
  }

  /// True when an inline fragment's braces were opened.
  private mutating func readSpread(
    _ selections: inout Selections
  ) throws(GraphQLUndecided) -> Bool {
    if case .name(let range) = token {
      try advance()
      let name = text(range)
      if name != "on" {
        try skipDirectives()
        selections.spreads.append(name)
        return false
      }
      _ = try readName()
    }
    try skipDirectives()
    try expect("{")
    return true
  }

  /// The field's own name, whatever it is called in the answer.
  private mutating func readField() throws(GraphQLUndecided) -> String {
    var name = try readName()
    if isAt(":") {
      try advance()
      name = try readName()
    }
    if isAt("(") { try skipBrackets() }
    try skipDirectives()
    if isAt("{") { try skipBrackets() }
    return name
  }

  private mutating func skipDirectives() throws(GraphQLUndecided) {
    while isAt("@") {
      try advance()
      _ = try readName()
      if isAt("(") { try skipBrackets() }
    }
  }

  /// Passes over a bracket and what it holds, up to the one that closes it.
  private mutating func skipBrackets() throws(GraphQLUndecided) {
    var open: [UInt8] = []
    repeat {
      switch token {
      case .punctuator(UInt8(ascii: "(")): open.append(UInt8(ascii: ")"))
      case .punctuator(UInt8(ascii: "[")): open.append(UInt8(ascii: "]"))
      case .punctuator(UInt8(ascii: "{")): open.append(UInt8(ascii: "}"))
      case .punctuator(let byte) where ")]}".utf8.contains(byte):
        guard open.popLast() == byte else { throw .malformed }
      case .end: throw .malformed
      default: break
      }
      guard open.count <= Self.mostDepth else { throw .tooDeep }
      try advance()
    } while !open.isEmpty
  }
}
