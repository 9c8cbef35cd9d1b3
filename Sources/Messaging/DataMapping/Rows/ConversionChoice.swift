// SPDX-License-Identifier: Apache-2.0

extension Conversion {
  /// A pair of types between which there is no way, and why.
  package struct Impossible: Error, Sendable, Hashable {
    package let text: String
    init(_ text: String) { self.text = text }
  }

  /// The way from one column to another.
  ///
  /// - Parameter cast: what the declaration says; nil where it says nothing, so that only what
  /// needs
  ///   no saying is done.
  package init(
    from: ColumnType, to: ColumnType, cast: ColumnRule.Cast? = nil
  ) throws(Impossible) {
    self.from = from
    self.to = to
    if let cast, cast.family != to.family {
      throw Impossible("the column is \(to), which is not what \"cast: \(cast.family)\" makes")
    }
    if let cast, cast.scale != nil,
      ![[.integer, .decimal], [.decimal, .integer]].contains([from.family, to.family])
    {
      throw Impossible("a scale is between integer and decimal; leave it out")
    }
    let changesTime = [from.family, to.family].contains(.timestamp)
    if let cast, cast.unit != nil || cast.form != nil, !changesTime {
      throw Impossible("unit and form are for times; leave them out")
    }
    if from.family == to.family {
      try Self.checkAlike(from, to)
      operation = .same
    } else if cast == nil {
      operation = try Self.unsaid(from, to)
    } else {
      operation = try Self.chosen(from, to, cast)
    }
  }

  /// Types of one family that nevertheless do not say the same.
  private static func checkAlike(_ from: ColumnType, _ to: ColumnType) throws(Impossible) {
    switch (from, to) {
    case (.timestamp(true, _), .timestamp(false, _)), (.timestamp(false, _), .timestamp(true, _)):
      throw Impossible("\(from) and \(to) differ by a time zone that nobody has told")
    case (.real(64), .real(32)):
      throw Impossible("loses information: \(from) does not fit into \(to)")
    case (.other(let name), .other(let other)) where name != other:
      throw Impossible("there is no way from \(name) to \(other)")
    default: break
    }
  }

  private static func unsaid(
    _ from: ColumnType, _ to: ColumnType
  ) throws(Impossible) -> Operation {
    if from.family == .integer, to.family == .decimal { return .integerToDecimal(scale: 0) }
    // Where there is no way, that is what there is to say.
    _ = try chosen(from, to, nil)
    throw Impossible(
      "\(from) does not become \(to) by itself; say \"cast: \(to.family)\"")
  }

  private static func chosen(
    _ from: ColumnType, _ to: ColumnType, _ cast: ColumnRule.Cast?
  ) throws(Impossible) -> Operation {
    let form = TimeText(form: cast?.form ?? .sql, unit: cast?.unit ?? .milliseconds)
    switch (from.family, to.family) {
    case (.integer, .decimal): return .integerToDecimal(scale: cast?.scale ?? 0)
    case (.decimal, .integer): return .decimalToInteger(scale: cast?.scale ?? 0)
    case (.real, .decimal): return .realToDecimal
    case (.integer, .text): return .integerToText
    case (.text, .integer): return .textToInteger
    case (.decimal, .text): return .decimalToText
    case (.text, .decimal): return .textToDecimal
    case (.boolean, .text): return .booleanToText
    case (.text, .boolean): return .textToBoolean
    case (.boolean, .integer): return .booleanToInteger
    case (.integer, .boolean): return .integerToBoolean
    case (.text, .timestamp): return .textToTime(form)
    case (.timestamp, .text): return .timeToText(form)
    case (.integer, .timestamp): return .integerToTime(cast?.unit ?? .seconds)
    case (.timestamp, .integer): return .timeToInteger(cast?.unit ?? .seconds)
    case (.text, .date), (.text, .uuid), (.date, .text), (.uuid, .text): return .same
    case (.real, .integer), (.decimal, .real), (.integer, .real), (.timestamp, .date):
      throw Impossible("loses information: \(from) does not fit into \(to)")
    default: throw Impossible("there is no way from \(from) to \(to)")
    }
  }

  /// Whether every value that the one column can hold has one in the other: then no row has to be
  /// looked at.
  package var isTotal: Bool {
    switch operation {
    case .same: Self.includes(to, from)
    case .integerToDecimal(let scale): Self.holdsIntegers(from, to, scale: scale)
    case .booleanToText, .booleanToInteger, .integerToText: Self.isWide(to)
    case .decimalToText: to == .text(limit: nil)
    default: false
    }
  }

  private static func isWide(_ type: ColumnType) -> Bool {
    switch type {
    case .text(let limit): limit ?? 20 >= 20
    default: true
    }
  }

  private static func holdsIntegers(
    _ from: ColumnType, _ to: ColumnType, scale: Int
  ) -> Bool {
    guard case .integer(let bits) = from, case .decimal(let precision, let digits) = to else {
      return false
    }
    guard let precision else { return true }
    let needed = [16: 5, 32: 10][bits] ?? 19
    return (digits ?? 0) >= scale && precision - (digits ?? 0) >= needed - scale
  }

  /// Whether one type of a family holds all that another one does.
  private static func includes(_ wide: ColumnType, _ narrow: ColumnType) -> Bool {
    switch (wide, narrow) {
    case (.integer(let wide), .integer(let narrow)): wide >= narrow
    case (.decimal(nil, _), .decimal): true
    case (.decimal(let wide?, let scale), .decimal(let narrow?, let other)):
      (scale ?? 0) >= (other ?? 0) && wide - (scale ?? 0) >= narrow - (other ?? 0)
    case (.text(nil), .text), (.text(nil), .uuid): true
    case (.text(let wide?), .text(let narrow?)): wide >= narrow
    case (.text(let wide?), .uuid): wide >= 36
    // Infinity is a time and a day of PostgreSQL's, and nobody else's.
    case (.timestamp, .timestamp), (.date, .date): false
    default: wide == narrow
    }
  }
}
