// SPDX-License-Identifier: Apache-2.0

/// A part of the description, written as JSON is.
indirect enum OpenAPIValue: Sendable, Encodable {
  case flag(Bool)
  case whole(Int)
  case decimal(Double)
  case text(String)
  case list([OpenAPIValue])
  case object([String: OpenAPIValue])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try container.encode(flag)
    case .whole(let number): try container.encode(number)
    case .decimal(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .list(let elements): try container.encode(elements)
    case .object(let members): try container.encode(members)
    }
  }

  /// An object with the members of both.
  func with(_ more: [String: OpenAPIValue]) -> OpenAPIValue {
    guard case .object(let members) = self else { return self }
    return .object(members.merging(more) { _, new in new })
  }
}

extension OpenAPIValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(integerLiteral value: Int) { self = .whole(value) }
  init(floatLiteral value: Double) { self = .decimal(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: OpenAPIValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, OpenAPIValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}
