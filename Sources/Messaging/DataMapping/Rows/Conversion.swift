// SPDX-License-Identifier: Apache-2.0

/// How values of one column's type become values of another's. Both ways are known, and a value
/// that would not come back as it was is refused: nothing is rounded, cut or guessed.
package struct Conversion: Sendable, Hashable {
  enum Operation: Sendable, Hashable {
    /// The same value; limits may differ.
    case same
    /// Whole numbers that count 10 to the power of minus `scale`.
    case integerToDecimal(scale: Int)
    case decimalToInteger(scale: Int)
    case realToDecimal, decimalToReal
    case integerToText, textToInteger
    case decimalToText, textToDecimal
    case booleanToText, textToBoolean
    case booleanToInteger, integerToBoolean
    case textToTime(TimeText), timeToText(TimeText)
    case integerToTime(TimeText.Unit), timeToInteger(TimeText.Unit)

    /// Digits behind the second of the times that it makes; 0 where it makes none.
    var timeDigits: Int {
      switch self {
      case .textToTime(let form): form.unit.digits
      case .integerToTime(let unit): unit.digits
      default: 0
      }
    }

    var inverted: Operation {
      switch self {
      case .same: .same
      case .integerToDecimal(let scale): .decimalToInteger(scale: scale)
      case .decimalToInteger(let scale): .integerToDecimal(scale: scale)
      case .realToDecimal: .decimalToReal
      case .decimalToReal: .realToDecimal
      case .integerToText: .textToInteger
      case .textToInteger: .integerToText
      case .decimalToText: .textToDecimal
      case .textToDecimal: .decimalToText
      case .booleanToText: .textToBoolean
      case .textToBoolean: .booleanToText
      case .booleanToInteger: .integerToBoolean
      case .integerToBoolean: .booleanToInteger
      case .textToTime(let form): .timeToText(form)
      case .timeToText(let form): .textToTime(form)
      case .integerToTime(let unit): .timeToInteger(unit)
      case .timeToInteger(let unit): .integerToTime(unit)
      }
    }
  }

  let from: ColumnType
  let to: ColumnType
  let operation: Operation

  /// The way back.
  package var inverted: Conversion {
    Conversion(from: to, to: from, operation: operation.inverted)
  }

  /// What it becomes, or why it has nothing to become.
  ///
  /// - Throws: `RowRefusal.Reason`, which continues a sentence that begins with the value.
  package func convert(_ value: FieldValue) throws(RowRefusal.Reason) -> FieldValue {
    if value == .null { return .null }
    if let objection = from.objection(to: value) { throw RowRefusal.Reason(objection) }
    guard let result = Self.apply(operation, value) else {
      throw RowRefusal.Reason("is \(expectation)")
    }
    if let objection = to.objection(to: result) { throw RowRefusal.Reason(objection) }
    guard Self.apply(operation.inverted, result) == value else {
      throw RowRefusal.Reason("would come back as another value")
    }
    return result
  }

  /// What a value is not that cannot be converted.
  private var expectation: String {
    switch operation {
    case .textToInteger: "no whole number as a computer writes it, such as -42"
    case .textToDecimal: "no decimal as a computer writes it, such as -1.5"
    case .textToBoolean: "neither \"true\" nor \"false\""
    case .integerToBoolean: "neither 0 nor 1"
    case .textToTime(let form): "no time such as \"\(form.example)\""
    case .decimalToInteger(let scale):
      scale == 0 ? "no whole number of 64 bits" : "no whole number of 64 bits times 10^-\(scale)"
    case .integerToTime: "outside the years 1 to 9999"
    case .timeToInteger(let unit): "no whole number of \(unit.rawValue)"
    case .timeToText(let form): "finer than \(form.unit.rawValue), or outside the years 1 to 9999"
    default: "no \(to.family.rawValue)"
    }
  }

  private static func apply(_ operation: Operation, _ value: FieldValue) -> FieldValue? {
    switch (operation, value) {
    case (.same, _): value
    case (.integerToDecimal(let scale), .integer(let number)):
      .decimal(ExactDecimal(number).shifted(by: -scale))
    case (.decimalToInteger(let scale), .decimal(let number)):
      number.shifted(by: scale).integer.map { .integer($0) }
    case (.realToDecimal, .realBits(let bits)):
      ExactDecimal(shortest: Double(bitPattern: bits)).map { .decimal($0) }
    case (.decimalToReal, .decimal(let number)): .real(number.real)
    case (.integerToText, .integer(let number)): .text("\(number)")
    case (.decimalToText, .decimal(let number)): .text("\(number)")
    case (.booleanToText, .boolean(let truth)): .text("\(truth)")
    case (.booleanToInteger, .boolean(let truth)): .integer(truth ? 1 : 0)
    case (.integerToBoolean, .integer(let number)):
      (0...1).contains(number) ? .boolean(number == 1) : nil
    case (.timeToText(let form), .timestamp(let time)): form.text(of: time).map { .text($0) }
    case (.timeToInteger(let unit), .timestamp(let time)):
      time % unit.microseconds == 0 ? .integer(time / unit.microseconds) : nil
    case (.integerToTime(let unit), .integer(let number)): Self.time(number, unit)
    case (_, .text(let text)): text.string.flatMap { read(operation, $0) }
    default: nil
    }
  }

  private static func read(_ operation: Operation, _ text: String) -> FieldValue? {
    switch operation {
    case .textToInteger: Int64(text).map { .integer($0) }
    case .textToDecimal: ExactDecimal(text).map { .decimal($0) }
    case .textToBoolean: ["true": true, "false": false][text].map { .boolean($0) }
    case .textToTime(let form): form.microseconds(of: text).map { .timestamp(microseconds: $0) }
    default: nil
    }
  }

  private static func time(_ number: Int64, _ unit: TimeText.Unit) -> FieldValue? {
    let (time, overflows) = number.multipliedReportingOverflow(by: unit.microseconds)
    return !overflows && TimeText.range.contains(time) ? .timestamp(microseconds: time) : nil
  }
}

/// Why a row has nothing to become on the other side.
package struct RowRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  /// Continues a sentence that begins with the value.
  package struct Reason: Error, Sendable, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }
  }

  /// The new column whose rule refuses.
  package let column: String
  /// What holds the value, such as `status`.
  package let source: String
  package let value: FieldValue
  package let reason: Reason

  package init(column: String, source: String, value: FieldValue, _ reason: Reason) {
    self.column = column
    self.source = source
    self.value = value
    self.reason = reason
  }

  package var description: String { "\(source) = \(value) \(reason.text)" }
}
