// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Hummingbird
import Logging
import MessagePublisherHTTP
import MessageRelay
import ServiceLifecycle
import TransactionalMessaging

/// Posts the events of an outbox to the service that takes them, until the process is to end.
func postEvents(of outbox: any RelayStore, to url: String, logger: Logger) async throws {
  let publisher = HTTPMessagePublisher(.init(url: url, source: "/shop"))
  let relay = Relay(store: outbox, broker: publisher, logger: logger)
  let group = ServiceGroup(
    services: [relay], gracefulShutdownSignals: [.sigterm], logger: logger)
  try await group.run()
  await publisher.close()
}

/// The route of that service. It answers once the event's effects are committed.
func addEvents(to router: Router<BasicRequestContext>, for inbox: any EventInbox) {
  let clock = SystemMessagingClock()
  router.post("/events") { request, _ -> HTTPResponse.Status in
    let body = try await request.body.collect(upTo: 1 << 20)
    let fields = request.headers.map { CloudEventFields.Field($0.name.canonicalName, $0.value) }
    let message = try CloudEventFields.message(fields, body: Array(body.readableBytesView))
    _ = try await inbox.receive(ReceivedEvent(message), now: clock.now())
    return .noContent
  }
}
// snippet.hide
