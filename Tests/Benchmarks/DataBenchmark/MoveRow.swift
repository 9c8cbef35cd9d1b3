// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import MappedStores

  /// A table that is written moves, back, and again.
  struct MoveRow {
    private let plan: BenchmarkPlan
    private let kind: StoreKind

    init(_ plan: BenchmarkPlan, from kind: StoreKind) { (self.plan, self.kind) = (plan, kind) }

    func measure() async throws -> RowResult {
      let world = try await BenchmarkWorld(plan, from: kind)
      defer { world.end() }
      let traffic = Traffic(world, plan)
      let clock = ContinuousClock()
      let began = clock.now
      _ = try await world.give(.advance)
      let (copied, compared, pauses, found) = try await traffic.around {
        let copied = try await clock.measure { try await world.backfill() }
        var found: LiveVerification?
        let compared = try await clock.measure { found = try await world.live(chunk: 1_000) }
        var pauses: [Double] = []
        for order in [Migration.Order.advance, .advance, .retreat, .advance] {
          pauses.append(try await world.give(order).pause.inSeconds * 1_000)
        }
        // The first one moved the reads.
        pauses.removeFirst()
        for flip in 0..<plan.flips {
          if let outcome = try await world.force(flip % 2 == 0 ? .retreat : .advance) {
            pauses.append(outcome.pause.inSeconds * 1_000)
          }
        }
        return (copied.inSeconds, compared.inSeconds, pauses, found)
      }
      let lasted = (clock.now - began).inSeconds
      let (differing, lost) = (try await world.differingRows(), try await traffic.lost())
      let (p99, writes) = (pauses.percentile(99), traffic.latencies)
      let drifts = (found?.counts.all ?? 0) + (found?.unsettled ?? 0)
      return RowResult(
        row: kind == .sqlite ? "sqlite" : "postgresql",
        numbers: [
          "rows": Double(plan.rows), "backfillSeconds": copied, "liveVerifySeconds": compared,
          "liveDrifts": Double(drifts), "pauseP50Milliseconds": pauses.percentile(50),
          "pauseP99Milliseconds": p99, "changesOfSides": Double(pauses.count),
          "writes": Double(writes.count), "writesPerSecond": Double(writes.count) / lasted,
          "writeP99Milliseconds": writes.percentile(99), "lostWrites": Double(lost),
          "differingRows": Double(differing),
        ],
        text: "\(plan.rows) rows copied in \(copied.fixed(1)) s, compared live in "
          + "\(compared.fixed(1)) s with \(drifts) differences; \(pauses.count) changes of sides, "
          + "pause p99 \(p99.fixed(1)) ms; \(writes.count) writes, "
          + "\((Double(writes.count) / lasted).fixed(0)) a second, p99 "
          + "\(writes.percentile(99).fixed(1)) ms; \(lost) lost, \(differing) rows differ",
        demand: "equal by SQL, 0 lost, pause p99 at most 100 ms",
        isAsDemanded: differing == 0 && lost == 0 && p99 <= 100 && drifts == 0)
    }
  }
#endif
