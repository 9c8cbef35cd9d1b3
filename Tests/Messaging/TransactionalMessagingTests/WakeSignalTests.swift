// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct WakeSignalTests {
  @Test func aRaiseBeforeTheWaitIsNotMissed() async {
    let signal = WakeSignal()
    let generation = signal.generation
    signal.raise()
    await signal.wait(after: generation)
    #expect(signal.generation == generation + 1)
  }

  @Test func wakesEverybody() async {
    let signal = WakeSignal()
    let generation = signal.generation
    let woken = await withTaskGroup(of: Int.self) { tasks in
      for _ in 0..<100 {
        tasks.addTask {
          await signal.wait(after: generation)
          return 1
        }
      }
      tasks.addTask {
        signal.raise()
        return 0
      }
      return await tasks.reduce(0, +)
    }
    #expect(woken == 100)
  }

  @Test func aCancelledWaitReturns() async {
    let signal = WakeSignal()
    let generation = signal.generation
    let task = Task { await signal.wait(after: generation) }
    task.cancel()
    await task.value
    #expect(signal.generation == generation)
  }
}
