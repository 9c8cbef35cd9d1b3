// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

/// Decides which clause of an `#if` belongs to the analysed build.
///
/// Indexing every branch would draw edges between code that is never compiled together, so exactly
/// one clause is taken, the way the compiler takes it.
struct BuildConditions: Sendable {
  /// Value of `os(...)`.
  var platform = "Linux"
  /// Names that `-D` would define.
  var defines: Set<String> = ["SWIFT_PACKAGE", "DEBUG"]
  /// Modules that `canImport(...)` finds: those of the scanned tree and the toolchain's.
  var modules: Set<String> = []
  /// Version that `compiler(...)` and `swift(...)` compare with.
  var languageVersion: [Int] = [6, 3]

  static let toolchainModules: Set<String> = [
    "Swift", "_Concurrency", "Synchronization", "Observation", "Foundation", "FoundationEssentials",
    "FoundationInternationalization", "FoundationNetworking", "FoundationXML", "Dispatch", "Glibc",
  ]

  /// The clause that is compiled, if any.
  func activeClause(of declaration: IfConfigDeclSyntax) -> IfConfigClauseSyntax? {
    declaration.clauses.first { clause in
      guard let condition = clause.condition else {
        return clause.poundKeyword.tokenKind == .poundElse
      }
      return holds(condition)
    }
  }

  func holds(_ condition: ExprSyntax) -> Bool {
    switch condition.as(ExprSyntaxEnum.self) {
    case .booleanLiteralExpr(let literal): literal.literal.tokenKind == .keyword(.true)
    case .declReferenceExpr(let name): defines.contains(name.baseName.text)
    case .functionCallExpr(let call): holds(call)
    case .prefixOperatorExpr(let negation):
      negation.operator.text == "!" && !holds(negation.expression)
    case .tupleExpr(let group): group.elements.first.map { holds($0.expression) } ?? false
    case .sequenceExpr(let sequence): holds(sequence)
    case ._canImportExpr(let check): modules.contains(check.importPath.text)
    default: false
    }
  }

  private func holds(_ call: FunctionCallExprSyntax) -> Bool {
    let argument = call.arguments.first?.expression.trimmedDescription ?? ""
    return switch call.calledExpression.trimmedDescription {
    case "os": argument == platform
    case "canImport": modules.contains(argument)
    case "compiler", "swift": compare(languageVersion, with: argument)
    case "arch": argument == "x86_64"
    case "hasFeature": argument != "Embedded"
    case "hasAttribute": true
    case "_runtime": argument == "_Native"
    case "_endian": argument == "little"
    case "_pointerBitWidth": argument == "_64"
    default: false
    }
  }

  /// `>=5.9`, `<6.1`.
  private func compare(_ version: [Int], with condition: String) -> Bool {
    let operators = condition.prefix { "<>=".contains($0) }
    let digits = condition.dropFirst(operators.count).filter { $0 == "." || $0.isNumber }
    let wanted = digits.split(separator: ".").compactMap { Int($0) }
    return switch operators {
    case ">=": !version.lexicographicallyPrecedes(wanted)
    case "<": version.lexicographicallyPrecedes(wanted)
    default: false
    }
  }

  /// `&&` binds tighter than `||`.
  private func holds(_ sequence: SequenceExprSyntax) -> Bool {
    var anyHolds = false
    var allHold = true
    var isOperator = false
    for element in sequence.elements {
      defer { isOperator.toggle() }
      if isOperator {
        guard element.trimmedDescription == "||" else { continue }
        anyHolds = anyHolds || allHold
        allHold = true
      } else {
        allHold = allHold && holds(element)
      }
    }
    return anyHolds || allHold
  }
}
