// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import MessageBrokerNATS
internal import TortureModel

/// What a run needs besides its processes: a folder, servers, and what cuts connections. All of it
/// is made for the run and gone afterwards.
final class Stage: Sendable {
  let folder: URL
  let database: PostgreSQLProgram?
  let broker: NATSProgram?
  /// Where an event service listens; for brokers that are servers, where they are.
  let brokerAddress: String
  let cutters: [TortureRole: ReplyCutter]
  private let settings: TortureSettings

  init(_ settings: TortureSettings) async throws {
    self.settings = settings
    folder = FileManager.default.temporaryDirectory
      .appending(path: "strangler-torture-\(UUID().uuidString.prefix(8).lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      database =
        settings.store == .postgresql
        ? try await PostgreSQLProgram(in: folder.appending(path: "postgresql")) : nil
      broker =
        settings.broker == .nats ? try await NATSProgram(in: folder.appending(path: "nats")) : nil
      brokerAddress =
        switch settings.broker {
        case .inProcess: ""
        case .http: try await Self.freeAddress()
        case .nats: broker?.address ?? ""
        }
      var cutters: [TortureRole: ReplyCutter] = [:]
      if let database {
        for role in [TortureRole.writer, .consumer, .node] {
          cutters[role] = try await ReplyCutter(to: database.listens)
        }
      }
      self.cutters = cutters
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  private static func freeAddress() async throws -> String {
    let port = try await LoopbackPorts.free()
    return "http://127.0.0.1:\(port)/events"
  }

  /// Starts the servers and makes tables and streams.
  func start() async throws {
    try await database?.start()
    try await broker?.start()
    try await open().install()
    #if NATS
      if let broker {
        let client = try TortureBrokers.natsBroker(
          broker.address, Logger(label: "torture") { _ in SwiftLogNoOpLogHandler() })
        defer { client.close() }
        try await client.check()
      }
    #endif
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

  /// Ends the servers and removes the folder.
  func strikeDown() async {
    for cutter in cutters.values { await cutter.close() }
    await database?.stop()
    await broker?.kill()
    try? FileManager.default.removeItem(at: folder)
  }
}
