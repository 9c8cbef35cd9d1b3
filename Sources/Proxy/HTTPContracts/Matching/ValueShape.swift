// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
internal import ShadowComparison

/// What a value is like, whatever it is: JSON's types, members, elements, and how texts are
/// written. All elements of an array together have one shape.
struct ValueShape: Sendable, Equatable {
  /// Whole numbers are told from others, since who reads one breaks at a fraction.
  enum Kind: String, Sendable, CaseIterable {
    case null, boolean, integer, number, string, array, object
    /// It was redacted.
    case anything

    init(_ value: JSONValue) {
      switch value {
      case .null: self = .null
      case .bool: self = .boolean
      case .number(let number): self = number.isInteger ? .integer : .number
      case .string(let text): self = text == Redaction.mark ? .anything : .string
      case .array: self = .array
      case .object: self = .object
      }
    }
  }

  private(set) var kinds: Set<Kind>
  /// The first that is not null.
  private(set) var sample: JSONValue
  /// How all texts are written.
  private(set) var format: TextFormat?
  private(set) var members: [String: ValueShape] = [:]
  private(set) var required: Set<String> = []
  /// None or one.
  private(set) var elements: [ValueShape] = []
  /// An array was empty.
  private(set) var mayBeEmpty = false

  init(_ value: JSONValue) {
    kinds = [Kind(value)]
    sample = value
    switch value {
    case .string(let text): format = TextFormat(text)
    case .object(let values):
      members = values.mapValues { ValueShape($0) }
      required = Set(values.keys)
    case .array(let values):
      mayBeEmpty = values.isEmpty
      for value in values { addElement(ValueShape(value)) }
    case .null, .bool, .number: break
    }
  }

  private mutating func addElement(_ shape: ValueShape) {
    if elements.isEmpty { elements = [shape] } else { elements[0].merge(shape) }
  }

  /// Both together.
  mutating func merge(_ other: ValueShape) {
    if sample == .null { sample = other.sample }
    switch (kinds.contains(.string), other.kinds.contains(.string)) {
    case (true, true): if format != other.format { format = nil }
    case (false, true): format = other.format
    case (_, false): break
    }
    switch (kinds.contains(.object), other.kinds.contains(.object)) {
    case (true, true): required.formIntersection(other.required)
    case (false, true): required = other.required
    case (_, false): break
    }
    members.merge(other.members) { one, other in
      var both = one
      both.merge(other)
      return both
    }
    for shape in other.elements { addElement(shape) }
    mayBeEmpty = mayBeEmpty || other.mayBeEmpty
    kinds.formUnion(other.kinds)
  }

  /// Equal texts are equal shapes, whole numbers or not, and however texts are written.
  var text: String {
    var parts: [String] = []
    for kind in Kind.allCases where kinds.contains(kind) {
      switch kind {
      case .integer: parts.append("number")
      case .number: if !kinds.contains(.integer) { parts.append("number") }
      case .array:
        parts.append("[" + (elements.first?.text ?? "") + (mayBeEmpty ? "?" : "") + "]")
      case .object:
        let texts = members.sorted { $0.key < $1.key }.map { name, shape in
          JSONValue.quoted(name) + (required.contains(name) ? ":" : "?:") + shape.text
        }
        parts.append("{" + texts.joined(separator: ",") + "}")
      default: parts.append(kind.rawValue)
      }
    }
    return parts.joined(separator: "|")
  }

  /// Places where another value of this shape is written in another way: whole numbers where that
  /// has a fraction, texts that are not written alike.
  func looser(_ other: ValueShape, at path: ResponsePath) -> [ResponsePath] {
    var paths: [ResponsePath] = []
    let gainsFraction =
      kinds.contains(.integer) && !kinds.contains(.number) && other.kinds.contains(.number)
    if gainsFraction || (format != nil && format != other.format) { paths.append(path.shown) }
    for (name, shape) in members.sorted(by: { $0.key < $1.key }) {
      guard let counterpart = other.members[name] else { continue }
      paths += shape.looser(counterpart, at: path.member(name))
    }
    if let own = elements.first, let counterpart = other.elements.first {
      paths += own.looser(counterpart, at: path.elements)
    }
    return paths
  }
}

extension ContractExample {
  /// Takes in that another exchange of this kind is written in another way here and there.
  mutating func loosen(by other: ContractExample) {
    guard case .json(let own) = answer.body, case .json(let value) = other.answer.body else {
      return
    }
    for path in ValueShape(own).looser(ValueShape(value), at: .root)
    where !rules.loose.match(path) {
      rules.loose.append(PathPattern(path.description))
    }
  }
}

/// Ways to write a text that programs read as something else.
enum TextFormat: String, Sendable {
  case dateTime = "date-time"
  case date
  case uuid

  /// Nil for any other text.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    if Self.isLike(bytes, "0000-00-00") {
      self = .date
    } else if bytes.count >= 20, Self.isLike(bytes.prefix(19), "0000-00-00T00:00:00"),
      Self.isZone(bytes[19...])
    {
      self = .dateTime
    } else if Self.isLike(bytes, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
      self = .uuid
    } else {
      return nil
    }
  }

  /// `0` stands for a digit, `x` for a hexadecimal one.
  private static func isLike(_ bytes: some Collection<UInt8>, _ form: String) -> Bool {
    bytes.count == form.utf8.count
      && zip(bytes, form.utf8).allSatisfy { byte, wanted in
        let isDigit = (0x30...0x39).contains(byte)
        switch wanted {
        case UInt8(ascii: "0"): return isDigit
        case UInt8(ascii: "x"): return isDigit || (0x61...0x66).contains(byte | 0x20)
        default: return byte == wanted
        }
      }
  }

  /// A fraction, if any, and a zone (RFC 3339).
  private static func isZone(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      if digits.isEmpty { return false }
      rest = rest.dropFirst(digits.count)
    }
    return rest.elementsEqual("Z".utf8) || isLike(rest, "+00:00") || isLike(rest, "-00:00")
  }
}
