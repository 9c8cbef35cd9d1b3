// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing
import TransactionalMessaging

struct StatementTests {
  @Test func namesBecomeNumbersAndCastsStay() {
    let named = NamedStatement("SELECT :a::int, :b, :a, '{}'::jsonb WHERE c = :bb")
    #expect(named.sql == "SELECT $1::int, $2, $1, '{}'::jsonb WHERE c = $3")
    #expect(NamedStatement("'3:3:'::pg_snapshot, :a").sql == "'3:3:'::pg_snapshot, $1")
    #expect(
      named.bind(["a": .integer(1), "bb": .text("x")]).parameters
        == [.integer(1), .null, .text("x")])
  }

  @Test func appendingByAnotherDriverIsCheckedToo() throws {
    let event = SampleEvents.event(1)
    let statement = try PostgreSQLOutboxStatements.append(event)
    #expect(statement.parameters.contains(.bytes(event.payload)))
    #expect(statement.parameters.contains(.text(event.id)))
    #expect(!statement.sql.contains(event.id) && !statement.sql.contains(":id"))
    var wrong = event
    wrong.id = "1"
    #expect(throws: EventRejection.malformedID("1")) {
      try PostgreSQLOutboxStatements.append(wrong)
    }
  }

  @Test func partitionsBeginAtWholeDaysAndHours() {
    // 2024-02-29T13:45:00Z
    let time: Int64 = 1_709_214_300_000
    let day = OutboxPartition(holding: time, .day)
    #expect(day.table == "outbox_p20240229")
    #expect(day.bounds == "FROM ('2024-02-29 00:00:00+00') TO ('2024-03-01 00:00:00+00')")
    let hour = OutboxPartition(holding: time, .hour)
    #expect(hour.table == "outbox_p2024022913")
    #expect(hour.bounds == "FROM ('2024-02-29 13:00:00+00') TO ('2024-02-29 14:00:00+00')")
    let days = OutboxPartition.next(from: 1_735_689_599_999, .day).map(\.table)
    #expect(days.prefix(2) == ["outbox_p20241231", "outbox_p20250101"] && days.count == 8)
    let hours = OutboxPartition.next(from: 1_735_689_599_999, .hour).map(\.table)
    #expect(hours.first == "outbox_p2024123123" && hours.last == "outbox_p2025010223")
    #expect(OutboxPartition(holding: 0, .day).table == "outbox_p19700101")
  }
}
