// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import MessageRelay
internal import NIOCore
internal import TortureModel
internal import TransactionalMessaging

/// An inbox that dies where it is told to.
struct CrashingInbox: EventInbox {
  let inbox: any EventInbox
  let points: CrashPoints

  var consumer: String { inbox.consumer }

  func receive(_ event: ReceivedEvent, now: Int64) async throws -> InboxOutcome {
    points.pass(.delivered)
    let outcome = try await inbox.receive(event, now: now)
    points.pass(.committedUnacknowledged)
    return outcome
  }

  func retryParked(now: Int64, limit: Int) async throws -> (tried: Int, nextDue: Int64?) {
    try await inbox.retryParked(now: now, limit: limit)
  }
}

/// A service that takes events over HTTP into its inbox.
struct EventService: Sendable {
  private static let mostBytes = 1 << 20

  let inbox: any EventInbox
  let port: Int
  let logger: Logger

  func run() async throws {
    let router = Router()
    router.post("/events") { request, _ -> Response in try await take(request) }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await application.runService(gracefulShutdownSignals: []) }
      tasks.addTask { await retryParked() }
      try await tasks.next()
      tasks.cancelAll()
    }
  }

  /// Answers once the inbox has committed.
  private func take(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(upTo: Self.mostBytes)
    let fields = request.headers.map { CloudEventFields.Field($0.name.rawName, $0.value) }
    let event: ReceivedEvent
    do {
      event = try ReceivedEvent(CloudEventFields.message(fields, body: Array(buffer: body)))
    } catch {
      return Response(status: .badRequest)
    }
    do {
      _ = try await inbox.receive(event, now: SystemMessagingClock().now())
      return Response(status: .noContent)
    } catch {
      return Response(status: .serviceUnavailable)
    }
  }

  private func retryParked() async {
    while !Task.isCancelled {
      _ = try? await inbox.retryParked(now: SystemMessagingClock().now(), limit: 64)
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
