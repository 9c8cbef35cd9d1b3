// SPDX-License-Identifier: Apache-2.0

import EventReceiver
import MessagePublisherHTTP
import MessagingConformance
import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct PublisherTests {
  private func publish(
    _ event: AppendedEvent, to url: String, token: String? = nil, timeout: Int64 = 10_000
  ) async -> PublishFailure? {
    let publisher = HTTPMessagePublisher(
      HTTPMessagePublisher.Configuration(
        url: url, token: token, source: "/shop", timeout: timeout, connecting: 2_000))
    var failure: PublishFailure?
    do throws(PublishFailure) {
      try await publisher.publish(BrokerMessage(event))
    } catch {
      failure = error
    }
    await publisher.close()
    return failure
  }

  private func appended(_ number: Int) -> AppendedEvent {
    AppendedEvent(sequence: 7, version: 3, event: SampleEvents.event(number))
  }

  @Test func anEventArrivesAsItWasAppended() async throws {
    let receiver = try await EventReceiver.start()
    var event = appended(1)
    event.event.aggregateID = "ü 1%"
    event.event.headers["note"] = "\"ü\" % ~"
    event.event.tenant = "north"
    event.event.payload = Array(0...255)
    #expect(await publish(event, to: receiver.url, token: "secret") == nil)
    #expect(receiver.accepted == [ReceivedEvent(version: 3, event: event.event)])
    #expect(receiver.authorization == ["Bearer secret"])
    await receiver.stop()
  }

  /// What is about the event parks its aggregate; what is about the service stops the relay.
  @Test(
    arguments: [
      (400, "no such order", .rejected("answered 400: no such order")),
      (422, "", .rejected("answered 422")), (500, "", .rejected("answered 500")),
      (301, "", .unavailable("answered 301")), (405, "", .unavailable("answered 405")),
      (410, "", .unavailable("answered 410")), (401, "", .unavailable("answered 401")),
      (404, "", .unavailable("answered 404")),
      (429, "slow\r\n down", .unavailable("answered 429: slow down")),
      (503, "", .unavailable("answered 503")),
    ] as [(Int, String, PublishFailure)])
  func refusals(status: Int, text: String, expected: PublishFailure) async throws {
    let receiver = try await EventReceiver.start { _ in
      EventReceiver.Answer(status, text, headers: [("location", "/elsewhere")])
    }
    #expect(await publish(appended(1), to: receiver.url) == expected)
    #expect(receiver.accepted.isEmpty)
    await receiver.stop()
  }

  @Test func aLongRefusalIsCut() async throws {
    let receiver = try await EventReceiver.start { _ in
      EventReceiver.Answer(400, String(repeating: "x", count: 200_000))
    }
    guard case .rejected(let reason) = await publish(appended(1), to: receiver.url) else {
      Issue.record("a 400 is a refusal")
      return
    }
    #expect(reason.utf8.count == "answered 400: ".utf8.count + 512)
    await receiver.stop()
  }

  /// Each is answered once all are there, so none of them may wait for another's connection.
  @Test func asManyAreUnderWayAsTheRelayStarts() async throws {
    let count = 24
    let arrived = Mutex(0)
    let all = WakeSignal()
    let receiver = try await EventReceiver.start { _ in
      let number = arrived.withLock { arrived in
        arrived += 1
        return arrived
      }
      if number == count { all.raise() }
      await all.wait(after: 0)
      return EventReceiver.Answer(204)
    }
    let publisher = HTTPMessagePublisher(
      HTTPMessagePublisher.Configuration(
        url: receiver.url, timeout: 10_000, connecting: 2_000, concurrency: count))
    let failures = await withTaskGroup(of: PublishFailure?.self) { group in
      for number in 1...count {
        let message = BrokerMessage(appended(number))
        group.addTask {
          do throws(PublishFailure) {
            try await publisher.publish(message)
            return nil
          } catch {
            all.raise()
            return error
          }
        }
      }
      return await group.reduce(into: []) { failures, failure in
        if let failure { failures.append(failure) }
      }
    }
    #expect(failures.isEmpty)
    await publisher.close()
    await receiver.stop()
  }

  @Test func noAnswerIsTheEventsFaultAndNoConnectionIsNot() async throws {
    let released = WakeSignal()
    let receiver = try await EventReceiver.start { _ in
      await released.wait(after: 0)
      return EventReceiver.Answer(204)
    }
    let late = await publish(appended(1), to: receiver.url, timeout: 50)
    #expect(late == .rejected("no answer within 50 ms"))
    released.raise()
    let url = receiver.url
    await receiver.stop()
    guard case .unavailable = await publish(appended(2), to: url) else {
      Issue.record("nobody listens there")
      return
    }
  }
}
