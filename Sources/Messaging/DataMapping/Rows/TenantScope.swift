// SPDX-License-Identifier: Apache-2.0

/// Which rows of a side are of a mapping's tenants, as that side's SQL can ask it.
struct TenantScope: Sendable {
  let column: ColumnSchema
  let condition: CheckedCondition
}

extension RowTranslation {
  /// Nil for a mapping of all tenants and, of the new side, where no column says it in a way that
  /// SQL can ask: only one that holds legacy's value as it is, or as a value table has it, does.
  func tenants(_ side: Doubt.Side) -> TenantScope? {
    guard let condition = conditions.first(where: \.isTenant) else { return nil }
    if side == .legacy {
      return TenantScope(column: legacy[condition.place], condition: condition)
    }
    for (place, column) in columns.enumerated() {
      switch column.rule {
      case .convert(condition.place, let conversion) where conversion.operation == .same:
        return TenantScope(column: column.schema, condition: condition.at(place))
      case .values(condition.place, let pairs) where condition.isTold(by: pairs):
        return TenantScope(column: column.schema, condition: condition.at(place, as: pairs))
      default: continue
      }
    }
    return nil
  }
}

extension CheckedCondition {
  /// The same, of another row in which the column is elsewhere.
  fileprivate func at(_ place: Int) -> CheckedCondition {
    CheckedCondition(
      place: place, key: key, isTenant: isTenant, condition: condition, values: values)
  }

  /// Whether no value of the new side stands for one that passes and one that does not.
  fileprivate func isTold(by table: ValuePairs) -> Bool {
    let passing = Set(table.pairs.filter { passes($0.legacy) }.map(\.new))
    return table.otherwise == nil
      && passing.isDisjoint(with: table.pairs.filter { !passes($0.legacy) }.map(\.new))
  }

  /// Those values of a value table whose legacy ones pass.
  fileprivate func at(_ place: Int, as table: ValuePairs) -> CheckedCondition {
    let values = table.pairs.filter { passes($0.legacy) }.map(\.new)
    return CheckedCondition(
      place: place, key: key, isTenant: isTenant,
      condition: RowCondition(condition.column, .oneOf([])),
      values: passes(.null) ? values + [.null] : values)
  }
}
