// SPDX-License-Identifier: Apache-2.0

/// What one side gives to one pass of a verification, row by row.
package struct VerificationPass: Sendable {
  private let rowDigests: RowDigests
  private let step: Verification.Step
  package private(set) var digest = TableDigest()
  package private(set) var rows: [RowDigest] = []
  package private(set) var cells: [UInt64: [RowDigests.Cell]] = [:]
  /// Rows that were read, other tenants' among them.
  package private(set) var count = 0

  package init(_ step: Verification.Step, _ rowDigests: RowDigests) {
    self.step = step
    self.rowDigests = rowDigests
  }

  @inline(__always)
  package mutating func take(_ row: RawRow) {
    count &+= 1
    guard let found = rowDigests.digest(row) else { return }
    switch step {
    case .digest: digest.add(found)
    case .collect(let ranges):
      guard ranges.contains(key: found.key) else { return }
      if let whole = rowDigests.digest(row, withMeaning: true) { rows.append(whole) }
    case .gather(let keys):
      if keys.contains(found.key) { cells[found.key] = rowDigests.cells(row) }
    case .ask, .done: break
    }
  }
}

extension Verification {
  /// Goes on with what both sides gave to the step.
  package mutating func passed(
    legacy: VerificationPass, new: VerificationPass, _ columns: RowDigests
  ) {
    switch step {
    case .digest: digested(legacy: legacy.digest, new: new.digest)
    case .collect: collected(legacy: legacy.rows, new: new.rows)
    case .gather: gathered(columns, legacy: legacy.cells, new: new.cells)
    case .ask, .done: break
    }
  }
}
