// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
package import TransactionalMessaging

/// A service on loopback that takes events over HTTP, as CloudEvents, and answers as a test wants.
package final class EventReceiver: Sendable {
  /// What it answers to an event.
  package struct Answer: Sendable {
    package var status: Int
    package var text: String
    package var headers: [(name: String, value: String)]

    package init(_ status: Int, _ text: String = "", headers: [(name: String, value: String)] = [])
    {
      self.status = status
      self.text = text
      self.headers = headers
    }
  }

  private struct State {
    var accepted: [ReceivedEvent] = []
    var authorization: [String] = []
    var malformed: [String] = []
  }

  private let state = Mutex(State())
  private let arrived = WakeSignal()
  private let answer: @Sendable (ReceivedEvent) async -> Answer
  private let task = Mutex<Task<Void, any Error>?>(nil)
  private let port = Mutex(0)

  private init(_ answer: @escaping @Sendable (ReceivedEvent) async -> Answer) {
    self.answer = answer
  }

  /// Starts one.
  package static func start(
    answering answer: @escaping @Sendable (ReceivedEvent) async -> Answer = { _ in Answer(204) }
  ) async throws -> EventReceiver {
    let receiver = EventReceiver(answer)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    router.post("/events") { [weak receiver] request, _ -> Response in
      guard let receiver else { return Response(status: .serviceUnavailable) }
      return try await receiver.take(request)
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
      logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() })
    receiver.task.withLock {
      $0 = Task { try await application.runService(gracefulShutdownSignals: []) }
    }
    for await port in ports {
      receiver.port.withLock { $0 = port }
      break
    }
    return receiver
  }

  deinit { task.withLock { $0?.cancel() } }

  /// Where events go.
  package var url: String { "http://127.0.0.1:\(port.withLock { $0 })/events" }

  /// Events that were answered with 2xx, in that order.
  package var accepted: [ReceivedEvent] { state.withLock(\.accepted) }
  /// What the requests said in `authorization`.
  package var authorization: [String] { state.withLock(\.authorization) }
  /// What is wrong with requests that were no events.
  package var malformed: [String] { state.withLock(\.malformed) }

  /// Returns once that many were accepted; bound it with the test's time limit.
  package func hasAccepted(_ count: Int) async {
    while case let seen = arrived.generation, accepted.count < count {
      await arrived.wait(after: seen)
      if Task.isCancelled { return }
    }
  }

  package func stop() async {
    let task = task.withLock { task in
      defer { task = nil }
      return task
    }
    task?.cancel()
    _ = await task?.result
  }

  private func take(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(upTo: 1 << 20)
    let fields = request.headers.map { CloudEventFields.Field($0.name.rawName, $0.value) }
    if let authorization = request.headers[.authorization] {
      state.withLock { $0.authorization.append(authorization) }
    }
    let event: ReceivedEvent
    do {
      event = try ReceivedEvent(
        CloudEventFields.message(fields, body: Array(buffer: body)))
    } catch {
      state.withLock { $0.malformed.append("\(error)") }
      return Response(status: .badRequest)
    }
    let answer = await answer(event)
    if (200..<300).contains(answer.status) {
      state.withLock { $0.accepted.append(event) }
      arrived.raise()
    }
    var headers = HTTPFields()
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(
      status: HTTPResponse.Status(code: answer.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(string: answer.text)))
  }
}
