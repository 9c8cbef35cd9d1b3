// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import MessagePublisherHTTP
internal import MessageRelay
internal import TortureModel
internal import TransactionalMessaging

/// One process of a run: a writer, a relay, a consumer, relay and consumer together, an operator.
/// It is told what to do over standard input and ends when that closes.
package struct TortureChild: Sendable {
  private let assignment: TortureAssignment
  private let voice: ChildVoice
  private let points: CrashPoints
  private let finish = WakeSignal()
  private let poison = OwedPoison()
  private let logger: Logger

  /// Takes over standard input and standard output of the process.
  package static func run() async throws {
    let voice = ChildVoice()
    let child = TortureChild(try voice.assignment(), voice)
    if let point = child.assignment.crash { child.points.arm(point, passage: 1) }
    voice.listen { [points = child.points, finish = child.finish, poison = child.poison] order in
      switch order {
      case .crash(let point, let passage): points.arm(point, passage: passage)
      case .poison: poison.add()
      case .finish: finish.raise()
      }
    }
    do {
      try await child.work()
    } catch {
      voice.tell(.note("ended: \(error)"))
      throw error
    }
  }

  private init(_ assignment: TortureAssignment, _ voice: ChildVoice) {
    self.assignment = assignment
    self.voice = voice
    points = CrashPoints(voice)
    logger = Logger(label: "torture") { _ in RecordedLog(voice: voice) }
  }

  private var settings: TortureSettings { assignment.settings }

  private func work() async throws {
    let database = try TortureDatabases.open(settings, assignment.store)
    voice.tell(.ready)
    switch assignment.seat.role {
    case .writer:
      await WriterRole(
        assignment: assignment, database: database, points: points, voice: voice, finish: finish,
        poison: poison
      ).run()
    case .node:
      let group = InProcessBroker.Group(TortureNames.consumer, topics: [TortureNames.topic])
      let broker = InProcessBroker(groups: [group])
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await consumer(of: broker, database).run() }
        tasks.addTask { try await relay(to: broker, database).run() }
        try await tasks.waitForAll()
      }
    case .relay: try await relay(to: publisher(), database).run()
    case .consumer: try await consume(database)
    case .operator: try await OperatorRole(database: database, points: points, voice: voice).run()
    }
  }

  private func relay(to publisher: any MessagePublisher, _ database: any TortureDatabase) throws
    -> Relay
  {
    let store = try database.relayStore(settings.rule)
    return Relay(
      store: CrashingRelayStore(store: store, points: points, voice: voice),
      broker: TappedPublisher(publisher: publisher, points: points, voice: voice).asPublished,
      configuration: RelayConfiguration(settings),
      owner: "\(assignment.seat)-\(assignment.life)", logger: logger)
  }

  private func inbox(_ database: any TortureDatabase) -> any EventInbox {
    CrashingInbox(inbox: database.inbox(points), points: points)
  }

  private func consumer(of broker: any MessageBroker, _ database: any TortureDatabase) -> Consumer {
    var configuration = ConsumerConfiguration()
    configuration.outage = Backoff(first: 5, most: 100)
    configuration.parkedPoll = 200
    return Consumer(
      broker: broker, inbox: inbox(database), configuration: configuration, logger: logger)
  }

  // MARK: - Brokers

  private func publisher() throws -> any MessagePublisher {
    switch settings.broker {
    case .http:
      return HTTPMessagePublisher(
        HTTPMessagePublisher.Configuration(url: assignment.broker, timeout: 10_000))
    case .nats, .rabbitmq:
      return try TortureBrokers.open(settings.broker, assignment.broker, logger)
    case .inProcess: throw TortureFailure("a relay in a process of its own needs a broker")
    }
  }

  private func consume(_ database: any TortureDatabase) async throws {
    guard settings.broker == .http else {
      let broker = try TortureBrokers.open(settings.broker, assignment.broker, logger)
      return try await consumer(of: broker, database).run()
    }
    guard let port = URLComponents(string: assignment.broker)?.port else {
      throw TortureFailure("\(assignment.broker) names no port")
    }
    try await EventService(inbox: inbox(database), port: port, logger: logger).run()
  }
}

extension TortureFailure {
  static func missingTrait(_ trait: String) -> TortureFailure {
    TortureFailure(
      "this build has no \(trait): build strangler with \"swift build --traits \(trait)\"")
  }
}

/// What the library logs as an error becomes a note for the ledger.
private struct RecordedLog: LogHandler {
  let voice: ChildVoice
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.error

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key): \($0.value)" }
    voice.tell(.note(([event.message.description] + details).joined(separator: ", ")))
  }
}
