// SPDX-License-Identifier: Apache-2.0

import Testing
import TortureModel

struct ScheduleTests {
  private static let combinations: [TortureSettings] = [
    TortureSettings(seed: 1, store: .sqlite, broker: .inProcess, kills: 200),
    TortureSettings(seed: 2, store: .sqlite, broker: .http, kills: 200),
    TortureSettings(seed: 3, store: .postgresql, broker: .nats, kills: 200),
  ]

  @Test(arguments: combinations)
  func equalSeedsGiveEqualSchedules(settings: TortureSettings) {
    #expect(TortureSchedule(settings) == TortureSchedule(settings))
    var other = settings
    other.seed += 1
    #expect(TortureSchedule(settings) != TortureSchedule(other))
  }

  @Test(arguments: combinations)
  func killsAreAsManyAsWantedAndSpreadOverTheTime(settings: TortureSettings) {
    let strikes = TortureSchedule(settings).strikes
    #expect(strikes.count { $0.action.isKill } == settings.kills)
    #expect(strikes.map(\.at) == strikes.map(\.at).sorted())
    #expect(strikes.allSatisfy { (0...settings.duration).contains($0.at) })
    let half = strikes.count { $0.at < settings.duration / 2 }
    #expect(abs(half * 2 - strikes.count) <= 2)
  }

  @Test(arguments: combinations)
  func everyPointOfEveryRoleIsStruck(settings: TortureSettings) {
    let actions = TortureSchedule(settings).strikes.map(\.action)
    let seated = Set(settings.seats.map(\.role))
    // Called when there is something to do.
    let roles = seated.union([.operator])
    for role in roles {
      for point in CrashPoint.points(of: role) {
        let count = actions.count { if case .crash(role, point, _) = $0 { true } else { false } }
        #expect(count >= 5, "\(role) \(point)")
      }
      guard seated.contains(role) else { continue }
      #expect(actions.contains(.kill(role)))
      #expect(actions.contains { if case .stop(role, _) = $0 { true } else { false } })
    }
    let named = actions.contains {
      if case .crash(let role, _, _) = $0 { !roles.contains(role) } else { false }
    }
    #expect(!named)
    #expect(actions.count { $0 == .poison } >= 10)
    #expect(actions.contains(.killDatabase) == (settings.store == .postgresql))
    #expect(actions.contains(.killBroker) == settings.broker.isServer)
    for role in [TortureRole.relay, .consumer] {
      let isCut = actions.contains { if case .partition(role, _) = $0 { true } else { false } }
      #expect(isCut == settings.broker.isServer, "\(role)")
    }
  }

  /// Two who replay at the same time would find each other's letters gone, and other strikes must
  /// not wait until an event has failed often enough.
  @Test func whatHasToDoWithDeadLettersIsALineOfItsOwn() {
    for settings in Self.combinations {
      for strike in TortureSchedule(settings).strikes {
        let isAboutLetters =
          switch strike.action {
          case .poison, .crash(.operator, _, _), .crash(_, .letterUncommitted, _): true
          default: false
          }
        #expect((strike.action.line == "dead letters") == isAboutLetters, "\(strike.action)")
      }
    }
  }

  @Test func whoIsStoppedLosesItsLease() {
    let settings = Self.combinations[2]
    for strike in TortureSchedule(settings).strikes {
      guard case .stop(_, let milliseconds) = strike.action else { continue }
      #expect(milliseconds > settings.lease)
    }
  }

  @Test func withoutKillsNothingIsDone() {
    let settings = TortureSettings(seed: 1, store: .sqlite, broker: .inProcess, kills: 0)
    #expect(TortureSchedule(settings).strikes.isEmpty)
  }

  @Test func theOtherRulesAreRefusedWhereTheyHold() {
    var settings = Self.combinations[0]
    #expect(settings.contradiction == nil)
    settings.rule = .naive
    #expect(settings.contradiction?.contains("--store postgresql") == true)
    settings.store = .postgresql
    #expect(settings.contradiction == nil)
  }
}

struct WriterPlanTests {
  private let settings = TortureSettings(seed: 9, store: .postgresql, broker: .nats)

  private func take(_ count: Int, life: Int = 0, lane: Int = 0) -> [WriterTransaction] {
    Array(WriterPlan(settings, writer: 0, life: life, lane: lane).prefix(count))
  }

  @Test func aLifeIsReplayedAndEachIsAnother() {
    #expect(take(50) == take(50))
    let ids = [take(50), take(50, life: 1), take(50, lane: 1)].flatMap { $0 }
      .flatMap { $0.events.map(\.id) }
    #expect(Set(ids).count == ids.count)
  }

  @Test func poisonIsWhatIsCommitted() {
    let plan = take(200)
    #expect(plan.allSatisfy { $0.poison == nil })
    for transaction in plan {
      guard let poisoned = transaction.poisoned() else {
        #expect(transaction.aborts)
        continue
      }
      #expect(!transaction.aborts && poisoned.events == transaction.events)
      #expect(poisoned.poison == transaction.events.first?.id)
    }
  }

  @Test func aWriterIsSlowWhileConsumersAreBehind() {
    #expect(WriterBrake.rest(9, undone: WriterBrake.undone - 1) == 9)
    #expect(WriterBrake.rest(9, undone: WriterBrake.undone) == WriterBrake.slow)
  }

  @Test func someAbortSomeAreSlowAndNoTwoLockAcross() {
    let plan = take(1_000)
    #expect((80...160).contains(plan.count(where: \.aborts)))
    #expect(plan.contains { $0.pauseBeforeAppend >= 150 })
    #expect(plan.contains { $0.pauseBeforeCommit > 0 })
    for transaction in plan {
      #expect(!transaction.events.isEmpty)
      #expect(
        transaction.events.map(\.aggregate) == transaction.events.map(\.aggregate).sorted())
      #expect(transaction.events.allSatisfy { $0.id.utf8.count == 36 })
    }
    #expect(Set(plan.map(\.name)).count == plan.count)
  }
}

struct RecordTests {
  private static let records: [TortureRecord] = [
    .ready,
    .intent(
      transaction: "0.1.2.3",
      events: [.init(id: "x", aggregate: "a1"), .init(id: "y", aggregate: "a2")]),
    .outcome(transaction: "0.1.2.3", .unknown),
    .sent(at: 123_456_789, id: "x", aggregate: "a1", version: 7),
    .owns(epoch: 12),
    .poison(id: "x"),
    .letter(Sighting(id: "x", aggregate: "a1", version: 7), attempts: 3),
    .crashing(.sentUnanswered),
    .note("it said no"),
  ]

  @Test(arguments: records) func aLineIsReadBack(record: TortureRecord) {
    #expect(TortureRecord(line: record.line) == record)
    #expect(!record.line.contains("\n"))
  }

  @Test(arguments: ["", "sent\t1\tx", "intent\tt\tx", "outcome\tt\tperhaps", "hello", "owns\tx"])
  func whatIsNoRecordIsNone(line: String) {
    #expect(TortureRecord(line: line) == nil)
  }

  @Test func aNoteIsOneLine() {
    #expect(TortureRecord(line: TortureRecord.note("a\nb\tc").line) == .note("a b c"))
  }

  @Test func ordersAreReadBack() {
    for order in [TortureOrder.finish, .poison, .crash(.midPublish, passage: 3)] {
      #expect(TortureOrder(line: order.line) == order)
    }
    #expect(TortureOrder(line: "crash\tnowhere\t1") == nil)
    #expect(TortureOrder(line: "") == nil)
  }
}
