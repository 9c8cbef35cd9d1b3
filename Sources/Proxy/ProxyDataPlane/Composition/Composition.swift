// SPDX-License-Identifier: Apache-2.0

import GatewayComposition

/// A composed upstream, made ready once for all its requests.
final class Composition: Sendable {
  /// What stands in for a part without anybody being asked.
  struct Literal: Sendable {
    let bytes: [UInt8]
    let found: [Range<Int>?]
  }

  /// The upstream's name.
  let name: String
  let plan: CompositionPlan
  let answer: CompiledAnswer
  /// By part; nil where there is none.
  let literals: [Literal?]

  init(_ plan: CompositionPlan, name: String) {
    self.name = name
    self.plan = plan
    let answer = CompiledAnswer(plan)
    self.answer = answer
    literals = plan.parts.enumerated().map { index, part in
      guard case .value(let json) = part.fallback else { return nil }
      let bytes = Array(json.utf8)
      return answer.spans[index].find(in: bytes).map { Literal(bytes: bytes, found: $0) }
    }
  }
}
