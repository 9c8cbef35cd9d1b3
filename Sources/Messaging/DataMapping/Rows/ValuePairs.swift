// SPDX-License-Identifier: Apache-2.0

/// A value table with its values read as what the columns hold.
struct ValuePairs: Sendable {
  let pairs: [(legacy: FieldValue, new: FieldValue)]
  let otherwise: FieldValue?
  private let news: [FieldValue: FieldValue]
  private let legacies: [FieldValue: FieldValue]

  init(_ pairs: [(legacy: FieldValue, new: FieldValue)], otherwise: FieldValue?) {
    self.pairs = pairs
    self.otherwise = otherwise
    news = Dictionary(pairs.map { ($0.legacy, $0.new) }) { first, _ in first }
    legacies = Dictionary(pairs.map { ($0.new, $0.legacy) }) { first, _ in first }
  }

  func forward(_ value: FieldValue) throws(RowRefusal.Reason) -> FieldValue {
    if value == .null { return .null }
    guard let new = news[value] ?? otherwise else {
      throw RowRefusal.Reason("is not in the value table")
    }
    return new
  }

  func inverse(_ value: FieldValue) throws(RowRefusal.Reason) -> FieldValue {
    if value == .null { return .null }
    guard let legacy = legacies[value] else {
      throw RowRefusal.Reason("is not in the value table")
    }
    return legacy
  }
}

/// A condition with its values read as what its column holds.
struct CheckedCondition: Sendable {
  /// Where the column is among those of the legacy row.
  let place: Int
  /// Where it stands in the configuration.
  let key: String
  /// Whether it tells the mapping's tenants from others.
  let isTenant: Bool
  let condition: RowCondition
  let values: [FieldValue]

  func passes(_ value: FieldValue) -> Bool {
    switch condition.test {
    case .oneOf: values.contains(value)
    case .noneOf: !values.contains(value)
    case .range(let low, let high):
      if case .integer(let number) = value {
        (low ?? .min)...(high ?? .max) ~= number
      } else {
        false
      }
    }
  }
}
