// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// Events for tests: every field follows from two numbers.
package enum SampleEvents {
  /// The `number`-th event of the test for an aggregate; ids never repeat for different numbers.
  package static func event(_ number: Int, aggregate: String = "a") -> OutboxEvent {
    OutboxEvent(
      id: id(number), aggregateType: "order", aggregateID: aggregate, type: "order-changed",
      schemaVersion: 2, occurredAt: 1_700_000_000_000 + Int64(number),
      headers: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
      payload: Array("{\"number\":\(number)}".utf8))
  }

  /// Events 1...count spread over aggregates in turn.
  package static func events(_ count: Int, aggregates: [String]) -> [OutboxEvent] {
    (1...count).map { event($0, aggregate: aggregates[$0 % aggregates.count]) }
  }

  /// A UUID text made of a number.
  package static func id(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
  }
}

/// A conformance check that did not hold.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(description: message()) }
}
