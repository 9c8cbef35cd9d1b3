// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A definition without the type of its context, so that one orchestrator can run several.
public struct SagaScript<Store: SagaStore>: Sendable {
  /// What it consists of.
  public let plan: SagaPlan
  package let steps: [StepScript<Store>]

  package func work(_ place: SagaPlace) -> WorkScript<Store>? {
    guard steps.indices.contains(place.position) else { return nil }
    let step = steps[place.position]
    return place.direction == .forward ? step.work : step.compensation
  }
}

/// A step with what it does.
package struct StepScript<Store: SagaStore>: Sendable {
  package let name: String
  package let kind: StepKind
  package let work: WorkScript<Store>
  package let compensation: WorkScript<Store>?

  var plan: StepPlan {
    StepPlan(name: name, kind: kind, work: work.plan, compensation: compensation?.plan)
  }
}

/// Work with what it does, on contexts as JSON.
package struct WorkScript<Store: SagaStore>: Sendable {
  package let plan: WorkPlan
  package let body: WorkBody<Store>
}

package enum WorkBody<Store: SagaStore>: Sendable {
  case write(Store.Write)
  case call(@Sendable (SagaCall, String) async throws -> String)
  case command(CommandScript)

  var manner: WorkManner {
    switch self {
    case .write: .write
    case .call: .call
    case .command: .command
    }
  }
}

package struct CommandScript: Sendable {
  package let channel: String
  package let type: String
  /// The payload for a context.
  package let content: @Sendable (String) throws -> [UInt8]
  /// The context after an answer.
  package let answered: @Sendable (String, String) throws -> String
}

/// Contexts as JSON, keys sorted.
package enum ContextText {
  package static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  package static func payload(_ value: some Encodable) throws -> [UInt8] {
    Array(try encode(value).utf8)
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}
