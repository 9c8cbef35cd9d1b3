// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

struct ParkedRoomTests {
  /// What it answers, counting `parked` where it does not know.
  private func take(_ room: ParkedRoom, _ parked: Int, now: Int64) -> (ParkedRoom.Answer, Bool) {
    let first = room.take(now: now)
    guard first == .unknown else { return (first, false) }
    room.learn(parked, now: now)
    return (room.take(now: now), true)
  }

  @Test func countsOnceASecondAndAddsItsOwn() {
    let room = ParkedRoom(limit: 5)
    #expect(take(room, 2, now: 0) == (.granted, true))
    #expect(take(room, 9, now: 10) == (.granted, false))
    #expect(take(room, 9, now: 20) == (.granted, false))
    #expect(take(room, 9, now: 30) == (.refused, false))
    // While there is no room it looks ten times a second.
    #expect(take(room, 5, now: 99) == (.refused, false))
    #expect(take(room, 5, now: 100) == (.refused, true))
    #expect(take(room, 3, now: 200) == (.granted, true))
    #expect(take(room, 0, now: 1_199) == (.granted, false))
    #expect(take(room, 0, now: 1_299) == (.granted, true))
  }

  @Test func aClockThatWasSetBackMakesItCount() {
    let room = ParkedRoom(limit: 5)
    room.learn(1, now: 50_000)
    #expect(room.take(now: 100) == .unknown)
  }
}
