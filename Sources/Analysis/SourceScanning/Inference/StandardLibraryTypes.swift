// SPDX-License-Identifier: Apache-2.0

/// What inference knows of types that every program uses and no tree declares.
enum StandardLibraryTypes {
  static let sequences: Set<String> = [
    "Array", "Set", "ArraySlice", "ContiguousArray", "Deque", "Slice", "Sequence", "Collection",
    "AsyncStream", "AsyncThrowingStream", "AsyncSequence", "OrderedSet",
  ]
  static let dictionaries: Set<String> = ["Dictionary", "OrderedDictionary"]

  /// Functions that hand the elements of a sequence to a closure.
  static let elementClosures: Set<String> = [
    "map", "filter", "forEach", "compactMap", "flatMap", "first", "contains", "allSatisfy",
    "sorted", "sort", "reduce", "removeAll", "firstIndex", "min", "max", "mapValues",
    "compactMapValues", "drop", "prefix", "partition", "count",
  ]
  /// Functions that hand a protected value to a closure and return what it returns.
  static let lockClosures: Set<String> = ["withLock", "withLockedValue", "withLockUnchecked"]

  static let setAlgebra: Set<String> = [
    "contains", "insert", "remove", "update", "union", "formUnion", "intersection",
    "formIntersection", "subtracting", "subtract", "isSuperset", "isSubset", "isDisjoint",
  ]

  private static let arrayProtocols = [
    "RandomAccessCollection", "MutableCollection", "RangeReplaceableCollection",
  ]
  private static let stringProtocols = [
    "StringProtocol", "RangeReplaceableCollection", "Hashable", "Codable",
    "LosslessStringConvertible", "TextOutputStream",
  ]
  private static let integerProtocols = [
    "FixedWidthInteger", "SignedInteger", "Hashable", "Codable",
  ]
  private static let floatProtocols = ["BinaryFloatingPoint", "Hashable", "Codable"]

  /// Protocols whose extensions add members to everyday types.
  static let conformances: [String: [String]] = [
    "String": stringProtocols, "Substring": stringProtocols, "Array": arrayProtocols,
    "ArraySlice": arrayProtocols, "ContiguousArray": arrayProtocols, "Data": arrayProtocols,
    "Deque": arrayProtocols, "Set": ["SetAlgebra", "Collection", "Hashable"],
    "Dictionary": ["Collection"], "Slice": ["Collection"], "AsyncStream": ["AsyncSequence"],
    "AsyncThrowingStream": ["AsyncSequence"], "Int": integerProtocols, "Int64": integerProtocols,
    "Int32": integerProtocols, "UInt8": integerProtocols, "UInt64": integerProtocols,
    "Double": floatProtocols, "Float": floatProtocols,
    "Date": ["Comparable", "Hashable", "Codable"],
  ]

  /// What the standard library's protocols refine; those that refine nothing are here as well.
  static let refinements: [String: [String]] = [
    "Sequence": [], "Collection": ["Sequence"], "BidirectionalCollection": ["Collection"],
    "RandomAccessCollection": ["BidirectionalCollection"], "MutableCollection": ["Collection"],
    "RangeReplaceableCollection": ["Collection"],
    "StringProtocol": ["BidirectionalCollection", "Comparable", "CustomStringConvertible"],
    "SetAlgebra": ["Equatable"], "OptionSet": ["SetAlgebra", "RawRepresentable"],
    "AsyncSequence": [], "Equatable": [], "Hashable": ["Equatable"], "Comparable": ["Equatable"],
    "Encodable": [], "Decodable": [], "Codable": ["Encodable", "Decodable"], "Error": [],
    "LocalizedError": ["Error"], "CodingKey": ["CustomStringConvertible"],
    "CustomStringConvertible": [], "LosslessStringConvertible": ["CustomStringConvertible"],
    "TextOutputStream": [], "RawRepresentable": [], "CaseIterable": [], "Identifiable": [],
    "Numeric": ["AdditiveArithmetic"], "AdditiveArithmetic": ["Equatable"],
    "BinaryInteger": ["Numeric", "Comparable"], "SignedInteger": ["BinaryInteger"],
    "FixedWidthInteger": ["BinaryInteger"], "FloatingPoint": ["Numeric", "Comparable"],
    "BinaryFloatingPoint": ["FloatingPoint"],
  ]

  static func isStandardContainer(_ name: String) -> Bool {
    sequences.contains(name) || dictionaries.contains(name) || name == "Optional"
  }

  /// Type of a member of a container, where it follows from the elements.
  static func member(_ name: String, of type: String, _ arguments: [InferredType]) -> InferredType {
    let element = arguments.first ?? .unknown
    if sequences.contains(type) {
      switch name {
      case "first", "last", "min", "max": return .optional(element)
      case "popLast", "popFirst", "randomElement": return .function([], result: .optional(element))
      case "removeFirst", "removeLast", "remove": return .function([], result: element)
      case "lazy": return .external(type, arguments)
      case "filter", "sorted", "reversed", "prefix", "suffix", "dropFirst", "dropLast", "shuffled",
        "union", "subtracting", "intersection":
        return .function([], result: .external(type, arguments))
      case "enumerated":
        let pair: [InferredType.Element] = [
          .init(label: "offset", type: .external("Int", [])),
          .init(label: "element", type: element),
        ]
        return .function([], result: .array(.tuple(pair)))
      default: return .unknown
      }
    }
    guard dictionaries.contains(type) else { return .unknown }
    let value = arguments.count > 1 ? arguments[1] : .unknown
    switch name {
    case "values": return .array(value)
    case "keys": return .array(element)
    case "removeValue", "updateValue": return .function([], result: .optional(value))
    case "filter": return .function([], result: .external(type, arguments))
    case "first": return .optional(entry(element, value))
    default: return .unknown
    }
  }

  static func entry(_ key: InferredType, _ value: InferredType) -> InferredType {
    .tuple([.init(label: "key", type: key), .init(label: "value", type: value)])
  }

  static func element(of type: String, _ arguments: [InferredType]) -> InferredType {
    if sequences.contains(type) { return arguments.first ?? .unknown }
    guard dictionaries.contains(type) else { return .unknown }
    return entry(arguments.first ?? .unknown, arguments.count > 1 ? arguments[1] : .unknown)
  }

  /// Type of `base[...]`.
  static func subscripted(
    _ type: String, _ arguments: [InferredType], hasDefault: Bool
  ) -> InferredType {
    if sequences.contains(type) { return arguments.first ?? .unknown }
    guard dictionaries.contains(type), arguments.count > 1 else { return .unknown }
    return hasDefault ? arguments[1] : .optional(arguments[1])
  }
}

extension BodyInference {
  /// Type that iterating gives.
  mutating func element(of type: InferredType) -> InferredType {
    switch type {
    case .external(let name, let arguments):
      return StandardLibraryTypes.element(of: name, arguments)
    case .nominal(let id, let arguments):
      let parameters = table[id].genericParameters
      var silent = MentionLog()
      for path in [["Element"], ["AsyncIterator", "Element"], ["Iterator", "Element"]] {
        var found = type
        for name in path where !found.isUnknown {
          found = table.nested(name, of: found, [], at: 0, log: &silent, depth: 0)
        }
        if !found.isUnknown { return found.substituting(parameters, with: arguments) }
      }
      if let made = members(of: id, named: "makeIterator").first,
        case .external(let name, let elements)? = memberType(made).functionResult,
        name.hasSuffix("Iterator"), let element = elements.first
      {
        return element.substituting(parameters, with: arguments)
      }
      for iterator in ["Iterator", "AsyncIterator"] {
        guard let inner = table.nestedType(iterator, of: id) else { continue }
        if let result = nextResult(of: inner) { return result }
      }
      return nextResult(of: id) ?? .unknown
    default: return .unknown
    }
  }

  private mutating func nextResult(of iterator: NominalID) -> InferredType? {
    guard let next = members(of: iterator, named: "next").first else { return nil }
    return memberType(next).functionResult?.unwrapped
  }
}
