// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import ServerPrograms
internal import TortureModel

/// What a run needs besides its processes: a folder, servers, and what cuts connections. All of it
/// is made for the run and gone afterwards.
final class Stage: Sendable {
  let database: PostgreSQLProgram?
  let broker: (any RestartableServer)?
  let cutters: [TortureRole: ReplyCutter]
  let partitions: [TortureRole: Partition]
  /// Where each role finds the broker; where an event service listens.
  let brokers: [TortureRole: String]
  private let folder: URL
  private let settings: TortureSettings

  /// Starts the servers.
  init(_ settings: TortureSettings) async throws {
    self.settings = settings
    folder = FileManager.default.temporaryDirectory
      .appending(path: "strangler-torture-\(UUID().uuidString.prefix(8).lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      database =
        settings.store == .postgresql
        ? try await PostgreSQLProgram.start(listensOn: .loopback) : nil
      var cutters: [TortureRole: ReplyCutter] = [:]
      if let port = database?.port {
        for role in [TortureRole.writer, .consumer, .node] {
          cutters[role] = try await ReplyCutter(to: Int(port))
        }
      }
      self.cutters = cutters
      broker =
        switch settings.broker {
        case .inProcess, .http: nil
        case .nats: try await NATSProgram.start()
        case .rabbitmq: try await RabbitMQProgram.start()
        }
      var partitions: [TortureRole: Partition] = [:]
      var brokers: [TortureRole: String] = [:]
      if let address = broker.flatMap({ URLComponents(string: $0.address) }),
        let port = address.port
      {
        for role in [TortureRole.relay, .consumer] {
          let partition = try await Partition(to: port)
          var there = address
          there.port = Int(partition.port)
          brokers[role] = there.string
          partitions[role] = partition
        }
      } else if settings.broker == .http {
        let address = "http://127.0.0.1:\(try FreePorts.find(1)[0])/events"
        brokers = [.relay: address, .consumer: address]
      }
      self.partitions = partitions
      self.brokers = brokers
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  /// Makes tables, and streams or queues.
  func prepare() async throws {
    try await open().install()
    guard let broker else { return }
    try await TortureBrokers.prepare(
      settings.broker, broker.address,
      Logger(label: "torture") { _ in SwiftLogNoOpLogHandler() })
  }

  /// The database as the rig itself sees it, past everything that cuts connections.
  func open() throws -> any TortureDatabase { try TortureDatabases.open(settings, place) }

  /// Where each role finds the database.
  var stores: [TortureRole: String] {
    Dictionary(
      TortureRole.allCases.map { role in
        (role, cutters[role].map { PostgreSQLProgram.address(port: $0.port) } ?? place)
      }, uniquingKeysWith: { first, _ in first })
  }

  private var place: String { database?.address ?? folder.path(percentEncoded: false) }

  /// Ends the servers, removes the folder and returns when nothing of it is left.
  func strikeDown() async {
    for cutter in cutters.values { await cutter.close() }
    for partition in partitions.values { await partition.close() }
    await database?.stop()
    database?.end()
    await broker?.kill()
    await broker?.end()
    try? FileManager.default.removeItem(at: folder)
  }
}
