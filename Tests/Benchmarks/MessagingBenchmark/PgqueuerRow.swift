// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageBrokerNATS
  import ServerPrograms

  /// A full outbox into a stream, in turns with pgqueuer's worker on the same server, whose jobs do
  /// nothing.
  struct PgqueuerRow {
    private static let leastRatio = 15.0
    /// Jobs that a worker takes at once: as it does unless told otherwise, and so many that more
    /// make it no quicker.
    private static let (usual, large) = (10, 500)

    private let world: BenchmarkWorld
    private let interpreter: String

    init(_ world: BenchmarkWorld, interpreter: String) {
      self.world = world
      self.interpreter = interpreter
    }

    func measure() async throws -> RowResult {
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "pgqueuer-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let script = folder.appending(path: "worker.py")
      try Data(Self.worker.utf8).write(to: script)
      let broker = try await world.broker()
      defer { broker.close() }
      let count = world.plan.events
      var (relayed, usual, large): ([Double], [Double], [Double]) = ([], [], [])
      for round in 0..<world.plan.rounds {
        usual.append(try await jobs(count / 10, Self.usual, script))
        large.append(try await jobs(count / 4, Self.large, script))
        relayed.append(try await world.relayRate(count, round: round, to: broker))
      }
      let ratio = relayed.median / usual.median
      let best = relayed.median / large.median
      return RowResult(
        row: "pgqueuer",
        numbers: [
          "relay events/s": relayed.median, "pgqueuer jobs/s": usual.median,
          "pgqueuer jobs/s in large batches": large.median, "ratio": ratio,
          "ratio to large batches": best,
        ],
        text: """
          relay \(relayed.median.whole) events/s into JetStream, pgqueuer \
          \(usual.median.whole) empty jobs/s in its usual batches of \(Self.usual): \
          \(ratio.fixed(1)) times; in batches of \(Self.large) it does \
          \(large.median.whole) jobs/s: \(best.fixed(1)) times
          """,
        demand: ">= 15 times the usual", isAsDemanded: ratio >= Self.leastRatio)
    }

    /// - Returns: jobs a second.
    private func jobs(_ count: Int, _ batch: Int, _ script: URL) async throws -> Double {
      let address = "postgresql://postgres@127.0.0.1:\(world.server.port ?? 0)/postgres"
      let worker = try Program.start(
        interpreter,
        [
          script.path(percentEncoded: false), address, "\(count)", "\(batch)",
          String(decoding: BenchmarkWorld.payload, as: UTF8.self),
        ])
      await worker.ended()
      let rate = worker.text.split(separator: "\n").last { $0.hasPrefix("jobs/s ") }
      guard let rate = rate.flatMap({ Double($0.dropFirst(7)) }) else {
        throw Program.Failure(description: "pgqueuer: \(worker.text)")
      }
      return rate
    }

    /// Durable tables are what it makes by itself, and the server writes through to the disk for it
    /// as for the outbox.
    private static let worker = """
      import asyncio, sys, time
      import asyncpg, uvloop
      from pgqueuer.db import AsyncpgDriver
      from pgqueuer.qm import QueueManager
      from pgqueuer.queries import Queries
      from pgqueuer.types import QueueExecutionMode

      async def main(address, jobs, batch, payload):
          connection = await asyncpg.connect(address)
          queries = Queries(AsyncpgDriver(connection))
          try:
              await queries.install()
          except asyncpg.exceptions.DuplicateObjectError:
              pass
          for start in range(0, jobs, 1000):
              count = min(1000, jobs - start)
              await queries.enqueue(["event"] * count, [payload] * count, [0] * count)
          await connection.execute("ANALYZE pgqueuer")
          manager = QueueManager(queries)
          done = 0

          @manager.entrypoint("event")
          async def event(job):
              nonlocal done
              done += 1

          start = time.perf_counter()
          await manager.run(batch_size=batch, mode=QueueExecutionMode.drain)
          taken = time.perf_counter() - start
          if done != jobs:
              sys.exit(f"{done} of {jobs} jobs were done")
          print("jobs/s", jobs / taken, file=sys.stderr)

      uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].encode()))

      """
  }
#endif
