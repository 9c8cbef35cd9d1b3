// SPDX-License-Identifier: Apache-2.0

extension Handle: ByteCodable {
  func write(to bytes: inout ByteWriter) { bytes.write(number: place << 1 | (isInBody ? 1 : 0)) }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    let coded = Int(try bytes.index())
    self.init(coded >> 1, isInBody: coded & 1 == 1)
  }
}

extension FileFacts {
  /// Everything but the bodies, which are written apart. Path and module are not written: the same
  /// content may stand in several places.
  func writeOutline(to bytes: inout ByteWriter) {
    bytes.write(offsets: lineStarts)
    bytes.write(imports)
    bytes.write(declarations)
    bytes.write(topLevel)
    outline.write(to: &bytes)
  }

  convenience init(
    path: String, module: String, outline bytes: inout ByteReader, bodies: ArraySlice<UInt8>
  ) throws(DamagedBytes) {
    self.init(
      path: path, module: module, lineStarts: try bytes.offsets(), imports: try bytes.list(),
      declarations: try bytes.list(), topLevel: try bytes.optional(),
      outline: try FactNodes(from: &bytes), bodies: BodyNodes(kept: bodies))
  }
}

extension FactNodes: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(types)
    bytes.write(offsets: typeOffsets)
    bytes.write(expressions)
    bytes.write(offsets: expressionOffsets)
    bytes.write(patterns)
    bytes.write(closures)
    bytes.write(number: blocks.count)
    for block in blocks { bytes.write(block) }
  }

  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self.init(
      types: try bytes.list(), typeOffsets: try bytes.offsets(), expressions: try bytes.list(),
      expressionOffsets: try bytes.offsets(), patterns: try bytes.list(),
      closures: try bytes.list())
    let count = try bytes.count()
    blocks.reserveCapacity(count)
    for _ in 0..<count { blocks.append(try bytes.list()) }
  }
}

extension ImportFact: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(text: module)
    bytes.write(optionalText: declaration)
    bytes.write(flag: isExported)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    module = try bytes.text()
    declaration = try bytes.optionalText()
    isExported = try bytes.flag()
  }
}

extension Declaration.Kind: ByteCodable {
  func write(to bytes: inout ByteWriter) { bytes.write(tag: rawValue) }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    guard let kind = Self(rawValue: try bytes.tag()) else { throw DamagedBytes() }
    self = kind
  }
}

extension Declaration.Access: ByteCodable {
  func write(to bytes: inout ByteWriter) { bytes.write(tag: UInt8(bitPattern: rawValue)) }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    guard let access = Self(rawValue: Int8(bitPattern: try bytes.tag())) else {
      throw DamagedBytes()
    }
    self = access
  }
}

extension Declaration: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(kind)
    bytes.write(text: name)
    bytes.write(number: Int(offset))
    bytes.write(parent)
    bytes.write(offsets: extent.map { [$0.lowerBound, $0.upperBound] } ?? [])
    bytes.write(access)
    bytes.write(tag: (isStatic ? 1 : 0) | (isLocal ? 2 : 0) | (isFailable ? 4 : 0))
    bytes.write(attributes)
    bytes.write(generics)
    bytes.write(inherited)
    bytes.write(type)
    bytes.write(parameters)
    bytes.write(result)
    bytes.write(thrown)
    bytes.write(initializer)
    bytes.write(accessors)
    bytes.write(body)
  }

  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self.init(
      kind: try bytes.value(), name: try bytes.text(), offset: try bytes.offset(),
      parent: try bytes.optional())
    let bounds = try bytes.offsets()
    if bounds.count == 2, bounds[0] <= bounds[1] { extent = bounds[0]..<bounds[1] }
    access = try bytes.optional()
    let flags = try bytes.tag()
    (isStatic, isLocal, isFailable) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
    attributes = try bytes.list()
    generics = try bytes.value()
    inherited = try bytes.list()
    type = try bytes.optional()
    parameters = try bytes.list()
    result = try bytes.optional()
    thrown = try bytes.optional()
    initializer = try bytes.optional()
    accessors = try bytes.list()
    body = try bytes.optional()
  }
}

extension GenericSignature: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(parameters)
    bytes.write(requirements)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    parameters = try bytes.list()
    requirements = try bytes.list()
  }
}

extension GenericSignature.Parameter: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(text: name)
    bytes.write(bound)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    name = try bytes.text()
    bound = try bytes.optional()
  }
}

extension GenericSignature.Requirement: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(left)
    bytes.write(right)
    bytes.write(flag: isConformance)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    left = try bytes.value()
    right = try bytes.value()
    isConformance = try bytes.flag()
  }
}

extension Parameter: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(optionalText: label)
    bytes.write(text: name)
    bytes.write(type)
    bytes.write(defaultValue)
    bytes.write(flag: isVariadic)
    bytes.write(attributes)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    label = try bytes.optionalText()
    name = try bytes.text()
    type = try bytes.value()
    defaultValue = try bytes.optional()
    isVariadic = try bytes.flag()
    attributes = try bytes.list()
  }
}

extension Attribute: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(type)
    bytes.write(arguments)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    type = try bytes.value()
    arguments = try bytes.list()
  }
}

extension Accessor: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(flag: isGetter)
    bytes.write(optionalText: parameterName)
    bytes.write(body)
    bytes.write(constant)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    isGetter = try bytes.flag()
    parameterName = try bytes.optionalText()
    body = try bytes.value()
    constant = try bytes.optional()
  }
}

extension TypeExpression: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .unknown: bytes.write(tag: 0)
    case .named(let name, let arguments):
      bytes.write(tag: 1)
      bytes.write(text: name)
      bytes.write(arguments)
    case .member(let base, let name, let arguments):
      bytes.write(tag: 2)
      bytes.write(base)
      bytes.write(text: name)
      bytes.write(arguments)
    case .optional(let wrapped):
      bytes.write(tag: 3)
      bytes.write(wrapped)
    case .array(let element):
      bytes.write(tag: 4)
      bytes.write(element)
    case .dictionary(let key, let value):
      bytes.write(tag: 5)
      bytes.write(key)
      bytes.write(value)
    case .tuple(let elements):
      bytes.write(tag: 6)
      bytes.write(elements)
    case .function(let parameters, let result):
      bytes.write(tag: 7)
      bytes.write(parameters)
      bytes.write(result)
    case .metatype(let instance):
      bytes.write(tag: 8)
      bytes.write(instance)
    case .composition(let parts):
      bytes.write(tag: 9)
      bytes.write(parts)
    case .attributed(let attributes, let base):
      bytes.write(tag: 10)
      bytes.write(attributes)
      bytes.write(base)
    }
  }

  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .unknown
      case 1: .named(try bytes.text(), arguments: try bytes.list())
      case 2:
        .member(base: try bytes.value(), name: try bytes.text(), arguments: try bytes.list())
      case 3: .optional(try bytes.value())
      case 4: .array(try bytes.value())
      case 5: .dictionary(key: try bytes.value(), value: try bytes.value())
      case 6: .tuple(try bytes.list())
      case 7: .function(parameters: try bytes.list(), result: try bytes.value())
      case 8: .metatype(try bytes.value())
      case 9: .composition(try bytes.list())
      case 10: .attributed(attributes: try bytes.list(), base: try bytes.value())
      default: throw DamagedBytes()
      }
  }
}

extension TypeExpression.Element: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(optionalText: label)
    bytes.write(type)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    label = try bytes.optionalText()
    type = try bytes.value()
  }
}
