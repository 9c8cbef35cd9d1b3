// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Compares two answers to the same request: status, chosen headers, and the body by content type.
public struct ResponseComparator: Sendable {
  /// What is looked at, left out and hidden.
  public let rules: ComparisonRules

  /// Creates a comparator.
  public init(rules: ComparisonRules = ComparisonRules()) { self.rules = rules }

  /// Compares what both sides did; a side that gave no answer failed as one that answered 5xx.
  public func compare(legacy: SideAnswer, extracted: SideAnswer) -> Comparison {
    switch (legacy, extracted) {
    case (.failure, _):
      return Comparison(outcome: .legacyError, differences: [], ignored: [], unlisted: 0)
    case (.response(let legacy), .response(let extracted)):
      return compare(legacy: legacy, extracted: extracted)
    case (.response(let legacy), .failure(let failure)):
      if legacy.status >= 500 {
        return Comparison(outcome: .legacyError, differences: [], ignored: [], unlisted: 0)
      }
      var collector = DifferenceCollector(rules: rules)
      collector.add(.status, .presence, String(legacy.status), "no answer: \(failure.rawValue)")
      return Comparison(
        outcome: .extractedError, differences: collector.listed, ignored: [], unlisted: 0)
    }
  }

  /// Compares. Equal inputs give equal results, whatever order members have.
  public func compare(legacy: ComparedResponse, extracted: ComparedResponse) -> Comparison {
    if legacy.status >= 500 {
      return Comparison(outcome: .legacyError, differences: [], ignored: [], unlisted: 0)
    }
    let found = differences(legacy, extracted)
    if extracted.status >= 500 {
      let status = found.listed.filter { $0.pathKind.path == .status }
      return Comparison(outcome: .extractedError, differences: status, ignored: [], unlisted: 0)
    }
    let outcome: Comparison.Outcome =
      !found.listed.isEmpty ? .mismatched : found.ignored.isEmpty ? .matched : .ignored
    return Comparison(
      outcome: outcome, differences: found.listed, ignored: found.ignored,
      unlisted: found.unlisted)
  }

  /// Who is odd, for each path-kind in which the first legacy answer and the extracted one differ,
  /// now that legacy has answered the same request once more; nil when its second answer is of
  /// another sort than both first ones, such as 429 behind two of 200, and tells nothing.
  ///
  /// The verdict on two sides that answer alike is a fair coin whatever their noise is: who changes
  /// the first answers' places changes the verdict (`NoiseEvidence`). So it is not enough that
  /// legacy's answers do not differ in that path-kind: they may in another one of the same place,
  /// above it, or beyond what is listed.
  public func oddOneOut(
    legacy: ComparedResponse, extracted: ComparedResponse, legacyAgain: ComparedResponse
  ) -> [PathKind: OddOneOut]? {
    if ![legacy.status, extracted.status].contains(legacyAgain.status) { return nil }
    let first = differences(legacy, extracted).listed.map(\.pathKind)
    let betweenLegacies = Set(differences(legacy, legacyAgain).listed.map(\.pathKind))
    let toExtracted = Set(differences(extracted, legacyAgain).listed.map(\.pathKind))
    var verdicts: [PathKind: OddOneOut] = [:]
    for pathKind in first {
      switch (betweenLegacies.contains(pathKind), toExtracted.contains(pathKind)) {
      case (false, true): verdicts[pathKind] = .extracted
      case (true, false): verdicts[pathKind] = .legacy
      case (true, true), (false, false): verdicts[pathKind] = .volatile
      }
    }
    return verdicts
  }

  private func differences(
    _ legacy: ComparedResponse, _ extracted: ComparedResponse
  ) -> DifferenceCollector {
    var collector = DifferenceCollector(rules: rules)
    if legacy.status != extracted.status {
      collector.add(.status, .value, String(legacy.status), String(extracted.status))
    }
    for name in rules.headers {
      compareHeader(name, legacy.header(name), extracted.header(name), &collector)
    }
    compareBodies(legacy, extracted, &collector)
    collector.sort()
    return collector
  }

  private func compareHeader(
    _ name: String, _ legacy: String?, _ extracted: String?, _ collector: inout DifferenceCollector
  ) {
    switch (legacy, extracted) {
    case (nil, nil): return
    case (let legacy?, let extracted?):
      guard normalised(name, legacy) != normalised(name, extracted) else { return }
      collector.add(.header(name), .value, legacy, extracted)
    default:
      collector.add(.header(name), .presence, legacy, extracted)
    }
  }

  /// Media types are case-insensitive and spaces around their parameters mean nothing.
  private func normalised(_ name: String, _ value: String) -> String {
    name.lowercased() == "content-type" ? value.lowercased().filter { $0 != " " } : value
  }

  // MARK: - Bodies

  private func compareBodies(
    _ legacy: ComparedResponse, _ extracted: ComparedResponse,
    _ collector: inout DifferenceCollector
  ) {
    guard legacy.body != extracted.body else { return }
    if legacy.body.isEmpty != extracted.body.isEmpty {
      collector.add(.body, .presence, size(legacy.body), size(extracted.body))
      return
    }
    guard case .whole(let left) = legacy.body, case .whole(let right) = extracted.body,
      max(left.count, right.count) <= rules.parsedBodyBytes
    else {
      compareDigests(legacy.body, extracted.body, &collector)
      return
    }
    switch BodyForm(contentType: legacy.header("content-type")) {
    case .json: compareJSON(left, right, &collector)
    case .text: compareText(left, right, &collector)
    case .binary: compareDigests(legacy.body, extracted.body, &collector)
    }
  }

  private func compareDigests(
    _ legacy: ComparedBody, _ extracted: ComparedBody, _ collector: inout DifferenceCollector
  ) {
    // One side may have been kept whole while the other, a byte longer, was not.
    let (left, right) = (legacy.digest, extracted.digest)
    if left != right { collector.add(.body, .value, left.description, right.description) }
  }

  private func compareJSON(
    _ legacy: [UInt8], _ extracted: [UInt8], _ collector: inout DifferenceCollector
  ) {
    let left = parse(legacy)
    let right = parse(extracted)
    switch (left, right) {
    case (.success(let left), .success(let right)):
      JSONComparator(rules: rules).compare(left, right, at: .root, &collector)
    case (.failure, .failure): compareText(legacy, extracted, &collector)
    case (.failure(let problem), .success):
      collector.add(.body, .type, "no JSON: \(problem)", "JSON")
    case (.success, .failure(let problem)):
      collector.add(.body, .type, "JSON", "no JSON: \(problem)")
    }
  }

  private func parse(_ body: [UInt8]) -> Result<JSONValue, JSONProblem> {
    Result { () throws(JSONProblem) in try JSONParser.parse(body) }
  }

  /// Shows both texts from shortly before their first difference.
  private func compareText(
    _ legacy: [UInt8], _ extracted: [UInt8], _ collector: inout DifferenceCollector
  ) {
    // What is no JSON has no paths by which a part of it could be redacted.
    guard rules.redact.isEmpty else {
      compareDigests(.whole(legacy), .whole(extracted), &collector)
      return
    }
    let common = zip(legacy, extracted).prefix { $0 == $1 }.count
    let start = max(0, common - 20)
    func excerpt(_ text: [UInt8]) -> String {
      String(decoding: text[start...].prefix(rules.exampleBytes), as: UTF8.self)
    }
    collector.add(.body, .value, excerpt(legacy), excerpt(extracted))
  }

  private func size(_ body: ComparedBody) -> String? {
    body.isEmpty ? nil : "\(body.digest.count) bytes"
  }
}
