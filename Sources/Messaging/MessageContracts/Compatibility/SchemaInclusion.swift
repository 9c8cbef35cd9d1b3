// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Whether all that a writer's schema lets through is allowed by a reader's.
///
/// The answer errs on one side: no gap means that there is none, while a gap may be one that could
/// not be ruled out. Writers keep to the members that their schema names, unless it says with
/// `additionalProperties` what others may be; readers are taken by their word.
struct SchemaInclusion {
  /// Most gaps that are told.
  private static let gapLimit = 16

  let expansion = SchemaExpansion()
  let samples = SchemaSamples()
  /// Most comparisons of two schemas.
  private let stepLimit: Int
  private var steps = 0
  /// False while it is only asked whether there is a gap.
  var wantsExamples = true
  /// Comparisons that are being made: what comes back to one has one level less of values to show.
  private var open: Set<String> = []

  private init(stepLimit: Int) { self.stepLimit = stepLimit }

  /// Gaps between two whole documents, those with a counterexample first.
  /// - Parameter stepLimit: Most comparisons of two schemas; beyond, nothing is shown any more.
  static func gaps(
    writer: SchemaDocument, reader: SchemaDocument, stepLimit: Int = 20_000
  ) -> [SchemaGap] {
    var inclusion = SchemaInclusion(stepLimit: stepLimit)
    let gaps = inclusion.gaps([writer.whole], reader.whole, at: "")
    guard !gaps.isEmpty else { return [] }
    let rules = WritingRules(writer)
    func counterexample(_ values: [JSONValue]) -> JSONValue? {
      values.map { (value: $0, text: $0.compactJSON) }
        .sorted { ($0.text.utf8.count, $0.text) < ($1.text.utf8.count, $1.text) }
        .first { rules.allow($0.value) && !reader.whole.accepts($0.value) }?.value
    }
    var told: Set<String> = []
    var shown: [SchemaGap] = []
    for var gap in gaps where told.insert("\(gap.payload) \(gap.schema)").inserted {
      gap.counterexample = counterexample(gap.examples)
      shown.append(gap)
    }
    if shown.allSatisfy({ $0.counterexample == nil }) {
      let near = inclusion.expansion.branches([reader.whole]) ?? []
      shown[0].counterexample = counterexample(
        inclusion.samples.values([writer.whole], near: near, depth: 0))
    }
    return shown.sorted { left, right in
      let isShown = (left.counterexample != nil, right.counterexample != nil)
      guard isShown.0 == isShown.1 else { return isShown.0 }
      let lengths = (left.payload.utf8.count, right.payload.utf8.count)
      return (lengths.0, left.payload, left.schema) < (lengths.1, right.payload, right.schema)
    }
  }

  /// Gaps between what the writer's schemas together let through and a reader's schema.
  mutating func gaps(
    _ writer: [LocatedSchema], _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    if reader.node.isAnything || writer.contains(where: { SchemaIdentity.isSame($0, reader) }) {
      return []
    }
    let goal = Set(writer.map(\.key)).sorted().joined(separator: " ") + " < " + reader.key
    guard open.insert(goal).inserted else { return [] }
    defer { open.remove(goal) }
    guard let branches = expansion.written(writer) else {
      return [
        SchemaGap(
          payload: place, schema: reader.node.pointer,
          reason: "there are too many alternatives to compare them all")
      ]
    }
    var gaps: [SchemaGap] = []
    for branch in branches where gaps.count < Self.gapLimit {
      gaps += self.gaps(branch, reader, at: place)
    }
    return gaps
  }

  /// Gaps between one branch of the writer's and a reader's schema.
  mutating func gaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    steps += 1
    guard steps <= stepLimit else {
      return [
        SchemaGap(
          payload: place, schema: reader.node.pointer,
          reason: "the schemas are too large to compare, after \(stepLimit) steps")
      ]
    }
    if let listed = branch.listed { return refused(listed, reader, at: place) }
    var gaps = ownGaps(branch, reader, at: place)
    for inner in [reader.referenced].compactMap(\.self) + reader.node.allOf.map(reader.located) {
      gaps += self.gaps(branch, inner, at: place)
    }
    if !reader.node.anyOf.isEmpty {
      gaps += alternativeGaps(branch, reader, reader.node.anyOf, isSingle: false, at: place)
    }
    if !reader.node.oneOf.isEmpty,
      !branch.singled.contains(where: { SchemaIdentity.haveSameSingle($0, reader) })
    {
      gaps += alternativeGaps(branch, reader, reader.node.oneOf, isSingle: true, at: place)
    }
    return gaps
  }

  private func refused(
    _ values: [JSONValue], _ reader: LocatedSchema, at place: String
  ) -> [SchemaGap] {
    let refused = values.filter { !reader.accepts($0) }
    guard let first = refused.first, let breach = reader.breaches(first, at: "").first else {
      return []
    }
    return [
      SchemaGap(
        payload: place, schema: reader.node.pointer,
        reason: "\(first.text(limit: 80)) may be written, expected \(breach.expected)",
        examples: refused)
    ]
  }

  /// Values of a branch near to where schemas end.
  func examples(_ branch: SchemaBranch, _ near: [LocatedSchema]) -> [JSONValue] {
    guard wantsExamples else { return [] }
    return samples.values(branch, near: near.flatMap { expansion.branches([$0]) ?? [] }, depth: 0)
  }

  // MARK: - Alternatives

  /// Deepest division of a branch by what tells alternatives apart.
  private static let divisionLimit = 12

  private mutating func alternativeGaps(
    _ branch: SchemaBranch, _ reader: LocatedSchema, _ alternatives: [SchemaNode], isSingle: Bool,
    at place: String
  ) -> [SchemaGap] {
    let located = alternatives.map(reader.located)
    let wanted = wantsExamples
    wantsExamples = false
    let isCovered = isCovered(branch, located, isSingle: isSingle, depth: 0)
    wantsExamples = wanted
    guard !isCovered else { return [] }
    let keyword = isSingle ? "oneOf" : "anyOf"
    return [
      SchemaGap(
        payload: place, schema: JSONPointer.appending(keyword, to: reader.node.pointer),
        reason: """
          not all that may be written is within \(isSingle ? "exactly one" : "one") of the \
          \(alternatives.count) alternatives
          """,
        examples: examples(branch, located))
    ]
  }

  private mutating func isCovered(
    _ branch: SchemaBranch, _ alternatives: [LocatedSchema], isSingle: Bool, depth: Int
  ) -> Bool {
    let branch = expansion.possible(branch)
    guard !branch.types.isEmpty else { return true }
    if let listed = branch.listed {
      return listed.allSatisfy { value in
        let count = alternatives.count { $0.accepts(value) }
        return isSingle ? count == 1 : count > 0
      }
    }
    for (index, alternative) in alternatives.enumerated() {
      if isSingle {
        let others = alternatives.enumerated().filter { $0.offset != index }.map(\.element)
        guard others.allSatisfy({ expansion.areDisjoint(branch, $0) }) else { continue }
      }
      if gaps(branch, alternative, at: "").isEmpty { return true }
    }
    guard depth < Self.divisionLimit, steps <= stepLimit,
      let document = alternatives.first?.document,
      let pieces = SchemaDivision(expansion: expansion, document: document)
        .pieces(branch, alternatives)
    else { return false }
    for piece in pieces {
      guard isCovered(piece, alternatives, isSingle: isSingle, depth: depth + 1) else {
        return false
      }
    }
    return true
  }
}
