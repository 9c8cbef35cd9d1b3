// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  @Suite(.timeLimit(.minutes(1)))
  struct NewQueueTests {
    /// One that took long to be made is as new as one that did not.
    @Test func `a queue settles from when it was made`() async {
      let clock = ManualClock(now: 0)
      let queues = NewQueues(clock: clock, settling: 4_000)
      queues.noteNew()
      let settled = Task {
        await queues.settle(or: WakeSignal())
        return clock.now()
      }
      let isSettled = WakeSignal()
      let end = Task {
        let end = await settled.value
        isSettled.raise()
        return end
      }
      clock.advance(milliseconds: 3_000)
      queues.noteNew()
      await clock.advance { isSettled.generation > 0 }
      #expect(await end.value >= 7_000)
    }

    @Test func `nobody waits for a queue whose connection is over`() async {
      let clock = ManualClock(now: 0)
      let queues = NewQueues(clock: clock, settling: 4_000)
      queues.noteNew()
      let ended = WakeSignal()
      ended.raise()
      await queues.settle(or: ended)
      #expect(clock.now() == 0)
    }
  }
#endif
