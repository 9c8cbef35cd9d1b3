// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// What a check found.
package struct ContractReport: Sendable {
  package var contracts: Int
  /// Pairs of versions that were compared.
  package var comparisons = 0
  package var findings: [ContractFinding]

  init(_ set: ContractSet) {
    contracts = set.contracts.count
    findings = set.problems.map {
      ContractFinding(kind: .unusable, file: $0.file, pointer: $0.pointer, message: $0.message)
    }
  }

  package var isCompatible: Bool { !findings.contains(where: \.isFailure) }

  /// For people: a paragraph for each finding, the sum, and what to do.
  package var text: String {
    var text = findings.map(paragraph).joined()
    let failures = findings.count(where: \.isFailure)
    text += "\(Self.count(contracts, "contract")), \(Self.count(comparisons, "comparison")): "
    text += failures == 0 ? "compatible\n" : "\(Self.count(failures, "finding"))\n"
    if findings.contains(where: { [.broken, .unproven].contains($0.kind) && $0.isFailure }) {
      text += """
        Change the newer version so that both sides get along. Where it is meant to break, move the
        consumers first and let the newer version say why: "\(Contract.breakKeyword)": "...".

        """
    }
    return text
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  private func paragraph(_ finding: ContractFinding) -> String {
    let place = finding.file + (finding.pointer.isEmpty ? "" : "#" + finding.pointer)
    var text = "\(place): \(finding.accepted == nil ? "" : "accepted, ")\(finding.kind.rawValue)\n"
    text += "  \(finding.message)\n"
    if let counterexample = finding.counterexample {
      text += "  such as \(counterexample.text(limit: 400))\n"
    }
    if let accepted = finding.accepted { text += "  meant: \(accepted)\n" }
    return text
  }

  /// For programs.
  package var json: JSONValue {
    .object([
      "compatible": .bool(isCompatible), "contracts": .integer(contracts),
      "comparisons": .integer(comparisons),
      "findings": .array(
        findings.map { finding in
          var members: [String: JSONValue] = [
            "kind": .string(finding.kind.rawValue), "file": .string(finding.file),
            "pointer": .string(finding.pointer), "message": .string(finding.message),
          ]
          members["payloadPointer"] = finding.payloadPointer.map { .string($0) }
          members["counterexample"] = finding.counterexample
          members["accepted"] = finding.accepted.map { .string($0) }
          return .object(members)
        }),
    ])
  }
}
