// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Compares versions of contracts.
package struct ContractCheck: Sendable {
  package var mode: CompatibilityMode
  /// Whether a version is compared with all before it, not only with the last.
  package var isTransitive: Bool

  package init(mode: CompatibilityMode, isTransitive: Bool) {
    self.mode = mode
    self.isTransitive = isTransitive
  }

  /// Every version with those before it.
  package func report(_ set: ContractSet) -> ContractReport {
    var report = ContractReport(set)
    for history in set.histories {
      for (index, newer) in history.enumerated() {
        let first = isTransitive ? 0 : max(0, index - 1)
        for olderIndex in (first..<index).reversed() {
          // A break that was meant lies between all that is older and all that is newer.
          let reason = history[(olderIndex + 1)...index].reversed().compactMap(\.breakReason).first
          report.comparisons += 1
          report.findings += findings(
            older: Side(history[olderIndex]), newer: Side(newer), accepted: reason)
        }
      }
    }
    return report
  }

  /// Every version with itself as it was published, and with those before it.
  package func report(_ set: ContractSet, against published: ContractSet) -> ContractReport {
    var report = report(set)
    report.findings += published.problems.map {
      ContractFinding(
        kind: .unusable, file: "published " + $0.file, pointer: $0.pointer, message: $0.message)
    }
    let unusable = Set(set.problems.map(\.file))
    for contract in published.contracts where !unusable.contains(contract.name.path) {
      guard let current = set.contract(contract.name) else {
        report.findings.append(
          ContractFinding(
            kind: .removed, file: contract.name.path, pointer: "",
            message: """
              \(contract.name) was published and is gone: events of it may still be on their way, \
              and nobody could say any more what they carry; put the file back
              """))
        continue
      }
      guard !current.document.json.isSame(contract.document.json) else { continue }
      report.comparisons += 1
      report.findings += findings(
        older: Side(contract, "version \(contract.name.version) as it was published"),
        newer: Side(current, "version \(contract.name.version) as it is now"), accepted: nil)
    }
    return report
  }

  /// One side of a comparison, and what it is called.
  private struct Side {
    var contract: Contract
    var label: String

    init(_ contract: Contract, _ label: String? = nil) {
      self.contract = contract
      self.label = label ?? "version \(contract.name.version)"
    }
  }

  private func findings(older: Side, newer: Side, accepted: String?) -> [ContractFinding] {
    mode.directions.flatMap { direction -> [ContractFinding] in
      let (writer, reader) = direction == .backward ? (older, newer) : (newer, older)
      return SchemaInclusion.gaps(
        writer: writer.contract.document, reader: reader.contract.document
      ).map { finding($0, direction, writer, reader, accepted) }
    }
  }

  private func finding(
    _ gap: SchemaGap, _ direction: CompatibilityMode, _ writer: Side, _ reader: Side,
    _ accepted: String?
  ) -> ContractFinding {
    let consumer = "\(direction.rawValue): a consumer with \(reader.label)"
    let breach = gap.counterexample.flatMap {
      reader.contract.document.whole.breaches($0, at: "").first
    }
    let message =
      breach.map {
        "\(consumer) refuses what a producer with \(writer.label) may write, at \($0)"
      }
        ?? """
        \(consumer) cannot be shown to take all that a producer with \(writer.label) may write, at \
        \(JSONPointer.shown(gap.payload)): \(gap.reason)
        """
    return ContractFinding(
      kind: breach == nil ? .unproven : .broken, file: reader.contract.name.path,
      pointer: gap.schema, message: message, payloadPointer: breach?.pointer ?? gap.payload,
      counterexample: breach == nil ? nil : gap.counterexample, accepted: accepted)
  }
}
