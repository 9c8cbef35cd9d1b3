// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// Events for tests: every field follows from two numbers.
public enum SampleEvents {
  /// The `number`-th event of the test for an aggregate; ids never repeat for different numbers.
  public static func event(_ number: Int, aggregate: String = "a") -> OutboxEvent {
    OutboxEvent(
      id: id(number), aggregateType: "order", aggregateID: aggregate, type: "order-changed",
      schemaVersion: 2, occurredAt: 1_700_000_000_000 + Int64(number),
      headers: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
      payload: Array("{\"number\":\(number)}".utf8))
  }

  /// Events 1...count spread over aggregates in turn.
  public static func events(_ count: Int, aggregates: [String]) -> [OutboxEvent] {
    (1...count).map { event($0, aggregate: aggregates[$0 % aggregates.count]) }
  }

  /// A UUID text made of a number.
  public static func id(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
  }
}
