// SPDX-License-Identifier: Apache-2.0

extension Statement: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .expression(let id):
      bytes.write(tag: 0)
      bytes.write(id)
    case .return(let id):
      bytes.write(tag: 1)
      bytes.write(id)
    case .binding(let binding):
      bytes.write(tag: 2)
      bytes.write(binding)
    case .declaration(let handle):
      bytes.write(tag: 3)
      bytes.write(handle)
    case .scope(let block):
      bytes.write(tag: 4)
      bytes.write(block)
    case .guard(let conditions, let otherwise):
      bytes.write(tag: 5)
      bytes.write(conditions)
      bytes.write(otherwise)
    case .forIn(let loop):
      bytes.write(tag: 6)
      bytes.write(loop)
    case .inline(let block):
      bytes.write(tag: 7)
      bytes.write(block)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .expression(try bytes.value())
      case 1: .return(try bytes.optional())
      case 2: .binding(try bytes.value())
      case 3: .declaration(try bytes.value())
      case 4: .scope(try bytes.value())
      case 5: .guard(conditions: try bytes.list(), otherwise: try bytes.list())
      case 6: .forIn(try bytes.value())
      case 7: .inline(try bytes.list())
      default: throw DamagedBytes()
      }
  }
}

extension Binding: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(pattern)
    bytes.write(type)
    bytes.write(value)
    bytes.write(accessors)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    pattern = try bytes.value()
    type = try bytes.optional()
    value = try bytes.optional()
    accessors = try bytes.list()
  }
}

extension ConditionalBlock: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(conditions)
    bytes.write(body)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    conditions = try bytes.list()
    body = try bytes.list()
  }
}

extension Condition: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .boolean(let id):
      bytes.write(tag: 0)
      bytes.write(id)
    case .optionalBinding(let pattern, let type, let value, let offset):
      bytes.write(tag: 1)
      bytes.write(pattern)
      bytes.write(type)
      bytes.write(value)
      bytes.write(number: Int(offset))
    case .matching(let pattern, let value):
      bytes.write(tag: 2)
      bytes.write(pattern)
      bytes.write(value)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .boolean(try bytes.value())
      case 1:
        .optionalBinding(
          try bytes.value(), type: try bytes.optional(), value: try bytes.optional(),
          offset: try bytes.offset())
      case 2: .matching(try bytes.value(), value: try bytes.optional())
      default: throw DamagedBytes()
      }
  }
}

extension ForLoop: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(pattern)
    bytes.write(type)
    bytes.write(sequence)
    bytes.write(filter)
    bytes.write(body)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    pattern = try bytes.value()
    type = try bytes.optional()
    sequence = try bytes.value()
    filter = try bytes.optional()
    body = try bytes.list()
  }
}

extension SwitchCase: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(items)
    bytes.write(body)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    items = try bytes.list()
    body = try bytes.list()
  }
}

extension SwitchCase.Item: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    bytes.write(pattern)
    bytes.write(filter)
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    pattern = try bytes.value()
    filter = try bytes.optional()
  }
}

extension Pattern: ByteCodable {
  func write(to bytes: inout ByteWriter) {
    switch self {
    case .wildcard: bytes.write(tag: 0)
    case .name(let name):
      bytes.write(tag: 1)
      bytes.write(text: name)
    case .tuple(let elements):
      bytes.write(tag: 2)
      bytes.write(elements)
    case .type(let id):
      bytes.write(tag: 3)
      bytes.write(id)
    case .expression(let id):
      bytes.write(tag: 4)
      bytes.write(id)
    }
  }
  init(from bytes: inout ByteReader) throws(DamagedBytes) {
    self =
      switch try bytes.tag() {
      case 0: .wildcard
      case 1: .name(try bytes.text())
      case 2: .tuple(try bytes.list())
      case 3: .type(try bytes.value())
      case 4: .expression(try bytes.value())
      default: throw DamagedBytes()
      }
  }
}
