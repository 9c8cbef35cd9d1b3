// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

extension ShadowReport {
  /// The report for programs: sorted members, so that the same evidence gives the same bytes.
  public var json: String {
    JSONValue.object([
      "comparisons": .integer(comparisons), "reasks": .integer(reasks),
      "reasksOverBudget": .integer(reasksOverBudget),
      "droppedComparisons": .integer(droppedComparisons),
      "hasDifferences": .bool(hasDifferences), "runs": .array(runs.map(\.json)),
      "endpoints": .array(endpoints.map(\.json)),
    ]).json
  }
}

extension ShadowReport.Run {
  fileprivate var json: JSONValue {
    .object([
      "number": .integer(Int(number)), "source": .string(source), "legacy": .string(legacy),
      "extracted": .string(extracted), "startedAt": .integer(Int(startedAt)),
    ])
  }
}

extension ShadowReport.Endpoint {
  fileprivate var json: JSONValue {
    let interval = matchRate.interval()
    return .object([
      "name": .string(name), "requests": .integer(requests),
      "outcomes": counts(outcomes), "notCompared": counts(drops),
      "matchRate": matchRate.observed.map { .real($0) } ?? .null,
      "matchRateInterval": .array([.real(interval.lowerBound), .real(interval.upperBound)]),
      "unlistedDifferences": .integer(dropped), "latencyMicroseconds": latency?.json ?? .null,
      "paths": .array(paths.map(\.json)),
    ])
  }

  private func counts<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> JSONValue {
    .object(
      Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, .integer($0.value)) }))
  }
}

extension ShadowReport.Latency {
  fileprivate var json: JSONValue {
    .object([
      "legacy": .object(["median": .integer(legacyMedian), "p95": .integer(legacyP95)]),
      "extracted": .object(["median": .integer(extractedMedian), "p95": .integer(extractedP95)]),
    ])
  }
}

extension ShadowReport.Path {
  fileprivate var json: JSONValue {
    .object([
      "path": .string(pathKind.path.description), "kind": .string(pathKind.kind.rawValue),
      "label": .string(label.rawValue), "count": .integer(count),
      "extractedOdd": .integer(evidence.extractedOdd), "legacyOdd": .integer(evidence.legacyOdd),
      "volatile": .integer(evidence.volatile), "lnEvidence": .real(evidence.lnEvidence),
      "believed": .bool(isBelieved), "isDifference": .bool(isDifference),
      "legacyExample": example.legacy.map { .string($0) } ?? .null,
      "extractedExample": example.extracted.map { .string($0) } ?? .null,
      "approval": approval?.json ?? .null,
      "pairs": .array(pairs.map { .integer(Int($0)) }),
    ])
  }
}

extension NoiseApproval {
  fileprivate var json: JSONValue {
    .object([
      "actor": .string(actor), "reason": .string(reason), "approvedAt": .integer(Int(approvedAt)),
    ])
  }
}

extension ShadowPair {
  /// The pair for programs.
  public func json(number: Int64) -> String {
    JSONValue.object([
      "pair": .integer(Int(number)), "endpoint": .string(endpoint), "request": .string(request),
      "comparedAt": .integer(Int(comparedAt)), "legacy": legacy.json, "extracted": extracted.json,
      "differences": .array(
        differences.map { difference in
          .object([
            "path": .string(difference.pathKind.path.description),
            "kind": .string(difference.pathKind.kind.rawValue),
            "legacy": difference.legacy.map { .string($0) } ?? .null,
            "extracted": difference.extracted.map { .string($0) } ?? .null,
          ])
        }),
    ]).json
  }
}

extension ShownAnswer {
  fileprivate var json: JSONValue {
    .object([
      "status": .string(status), "headers": .array(headers.map { .string($0) }),
      "body": .array(body.map { .string($0) }), "isCut": .bool(isCut),
    ])
  }
}
