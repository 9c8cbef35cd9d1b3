// SPDX-License-Identifier: Apache-2.0

extension Expression: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .unknown: bytes.write(tag: 0)
    case .name(let name):
      bytes.write(tag: 1)
      bytes.write(text: name)
    case .member(let base, let name):
      bytes.write(tag: 2)
      bytes.write(base)
      bytes.write(text: name)
    case .call(let callee, let arguments, let trailingClosures):
      bytes.write(tag: 3)
      bytes.write(callee)
      bytes.write(arguments)
      bytes.write(trailingClosures)
    case .subscripted(let base, let arguments):
      bytes.write(tag: 4)
      bytes.write(base)
      bytes.write(arguments)
    case .optionalChain(let base): write(5, base, to: &bytes)
    case .forceUnwrap(let base): write(6, base, to: &bytes)
    case .specialized(let base, let arguments):
      write(7, base, to: &bytes)
      bytes.write(arguments)
    case .optionalTry(let inner): write(8, inner, to: &bytes)
    case .tuple(let elements): write(9, elements, to: &bytes)
    case .array(let elements): write(10, elements, to: &bytes)
    case .dictionary(let entries): write(11, entries, to: &bytes)
    case .closure(let closure):
      bytes.write(tag: 12)
      bytes.write(closure)
    case .sequence(let elements): write(13, elements, to: &bytes)
    case .string(let parts): write(14, parts, to: &bytes)
    case .literal(let literal):
      bytes.write(tag: 15)
      bytes.write(tag: literal.rawValue)
    default: writeRest(to: &bytes)
    }
  }

  private func writeRest(to bytes: inout ByteWriter) {
    switch self {
    case .if(let branches, let otherwise):
      write(16, branches, to: &bytes)
      bytes.write(flag: otherwise != nil)
      if let otherwise { bytes.write(otherwise) }
    case .switch(let subject, let cases):
      write(17, subject, to: &bytes)
      bytes.write(cases)
    case .superclass: bytes.write(tag: 18)
    case .type(let type):
      bytes.write(tag: 19)
      bytes.write(type)
    case .keyPath(let root, let components):
      bytes.write(tag: 20)
      bytes.write(root)
      bytes.write(components)
    case .macro(let arguments): write(21, arguments, to: &bytes)
    case .pattern(let pattern):
      bytes.write(tag: 22)
      bytes.write(pattern)
    default: bytes.write(tag: 0)
    }
  }

  private func write(_ tag: UInt8, _ base: ID, to bytes: inout ByteWriter) {
    bytes.write(tag: tag)
    bytes.write(base)
  }

  private func write(_ tag: UInt8, _ list: [some ByteCodable], to bytes: inout ByteWriter) {
    bytes.write(tag: tag)
    bytes.write(list)
  }

  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    let tag = try bytes.tag()
    self =
      switch tag {
      case 0: .unknown
      case 1: .name(try bytes.text())
      case 2: .member(base: try bytes.optional(), name: try bytes.text())
      case 3:
        .call(
          callee: try bytes.value(), arguments: try bytes.list(),
          trailingClosures: try bytes.list())
      case 4: .subscripted(base: try bytes.value(), arguments: try bytes.list())
      case 5: .optionalChain(base: try bytes.value())
      case 6: .forceUnwrap(base: try bytes.value())
      case 7: .specialized(base: try bytes.value(), arguments: try bytes.list())
      case 8: .optionalTry(try bytes.value())
      case 9: .tuple(try bytes.list())
      case 10: .array(try bytes.list())
      case 11: .dictionary(try bytes.list())
      case 12: .closure(try bytes.value())
      case 13: .sequence(try bytes.list())
      case 14: .string(try bytes.list())
      case 15: .literal(try Literal(rawValue: try bytes.tag()).orDamaged())
      default: try Self(rest: tag, from: &bytes)
      }
  }

  private init(rest tag: UInt8, from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch tag {
      case 16:
        .if(branches: try bytes.list(), otherwise: try bytes.flag() ? bytes.list() : nil)
      case 17: .switch(subject: try bytes.value(), cases: try bytes.list())
      case 18: .superclass
      case 19: .type(try bytes.value())
      case 20: .keyPath(root: try bytes.optional(), components: try bytes.list())
      case 21: .macro(arguments: try bytes.list())
      case 22: .pattern(try bytes.value())
      default: throw DamagedBytes()
      }
  }
}

extension Optional {
  fileprivate func orDamaged() throws(DamagedBytes) -> Wrapped {
    guard let self else { throw DamagedBytes() }
    return self
  }
}

extension Argument: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(optionalText: label)
    bytes.write(value)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    label = try bytes.optionalText()
    value = try bytes.value()
  }
}

extension DictionaryEntry: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(key)
    bytes.write(value)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    key = try bytes.value()
    value = try bytes.value()
  }
}

extension SequenceElement: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .operand(let id):
      bytes.write(tag: 0)
      bytes.write(id)
    case .operator(let name):
      bytes.write(tag: 1)
      bytes.write(text: name)
    case .assignment: bytes.write(tag: 2)
    case .ternary(let then):
      bytes.write(tag: 3)
      bytes.write(then)
    case .cast(let type, let isConditional):
      bytes.write(tag: isConditional ? 5 : 4)
      bytes.write(type)
    case .typeCheck(let type):
      bytes.write(tag: 6)
      bytes.write(type)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .operand(try bytes.value())
      case 1: .operator(try bytes.text())
      case 2: .assignment
      case 3: .ternary(then: try bytes.value())
      case 4: .cast(try bytes.value(), isConditional: false)
      case 5: .cast(try bytes.value(), isConditional: true)
      case 6: .typeCheck(try bytes.value())
      default: throw DamagedBytes()
      }
  }
}

extension StringPart: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .text(let text):
      bytes.write(tag: 0)
      bytes.write(text: text)
    case .interpolation(let arguments):
      bytes.write(tag: 1)
      bytes.write(arguments)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .text(try bytes.text())
      case 1: .interpolation(try bytes.list())
      default: throw DamagedBytes()
      }
  }
}

extension KeyPathComponent: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .property(let name, let offset):
      bytes.write(tag: 0)
      bytes.write(text: name)
      bytes.write(number: Int(offset))
    case .subscript(let arguments):
      bytes.write(tag: 1)
      bytes.write(arguments)
    case .optional: bytes.write(tag: 2)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .property(try bytes.text(), offset: try bytes.offset())
      case 1: .subscript(try bytes.list())
      case 2: .optional
      default: throw DamagedBytes()
      }
  }
}

extension Closure: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(captures)
    bytes.write(parameters)
    bytes.write(result)
    bytes.write(body)
    bytes.write(flag: hasLoop)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    captures = try bytes.list()
    parameters = try bytes.list()
    result = try bytes.optional()
    body = try bytes.list()
    hasLoop = try bytes.flag()
  }
}

extension Closure.Capture: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(text: name)
    bytes.write(value)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    name = try bytes.text()
    value = try bytes.value()
  }
}

extension Closure.Parameter: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(text: name)
    bytes.write(type)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    name = try bytes.text()
    type = try bytes.optional()
  }
}
