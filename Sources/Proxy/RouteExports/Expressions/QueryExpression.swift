// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// A condition on a query parameter as a regular expression to be looked for in the raw query.
///
/// Names and values may be written in several ways (`+` for a space, any byte percent-encoded), and
/// a parameter may come several times; one of them has to fit.
struct QueryExpression {
  private let condition: FieldCondition
  /// The expression may look at what follows, as PCRE can and RE2 cannot.
  private let looksAhead: Bool

  init(_ condition: FieldCondition, looksAhead: Bool) {
    self.condition = condition
    self.looksAhead = looksAhead
  }

  /// Where the query holds it the parameter is there, with the value if one is asked for.
  var text: String { "(?:^|&)\(parameter)(?:&|$)" }

  /// All of a path with a query that holds it.
  var wholePath: String { "[^?]*[?](?:.*&)?\(parameter)(?:&.*)?" }

  private var parameter: String {
    let signs = "!\"$'()*,-./:;<>?@[\\]^_`{|}~"
    let name = spellings(of: condition.name, plain: signs)
    guard case .equals(let value) = condition.requirement else { return name + "(?:=[^&]*)?" }
    return value.isEmpty ? name + "=?" : name + "=" + spellings(of: value, plain: signs + "=")
  }

  /// A `%` that encodes nothing stands for itself, which the expression does not see.
  var missesStrayPercents: Bool {
    guard !looksAhead else { return false }
    if case .equals(let value) = condition.requirement, value.utf8.contains(UInt8(ascii: "%")) {
      return true
    }
    return condition.name.utf8.contains(UInt8(ascii: "%"))
  }

  /// - Parameter plain: what may stand as it is, besides letters and digits.
  private func spellings(of text: String, plain: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: " "): return "(?:[+]|%20)"
      case UInt8(ascii: "%") where looksAhead: return "(?:%25|%(?![0-9A-Fa-f][0-9A-Fa-f]))"
      case _ where ExpressionText.isAlphanumeric(byte) || plain.utf8.contains(byte):
        return ExpressionText.eitherForm(byte)
      default: return ExpressionText.escape(byte)
      }
    }.joined()
  }
}
