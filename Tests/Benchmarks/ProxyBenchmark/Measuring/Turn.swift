// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What one contender did in its turn of a round.
struct Turn {
  /// Before the numbers are taken, in seconds.
  static let warmUp = 0.15
  /// Until the first answer, which over TLS comes behind the handshakes of all clients.
  private static let patience = 10.0
  /// Share of one processor that strangers may use before a round does not count.
  static let tolerated = 0.08

  let requests: UInt64
  let seconds: Double
  let usage: ProcessorUsage
  /// Nanoseconds of the load's and the origin's threads.
  let loadTime: UInt64
  let originTime: UInt64
  /// Processors' worth of time that went to others.
  let strangers: Double
  let latencies: LoadOutcome

  var microsecondsPerRequest: Double {
    requests == 0 ? 0 : Double(usage.nanoseconds) / 1000 / Double(requests)
  }

  var requestsPerSecond: Double { Double(requests) / seconds }

  /// Also when nothing was answered: a contender that gets no processor says nothing about itself.
  var isDisturbed: Bool { strangers > Self.tolerated || requests == 0 }

  init(
    of contender: RunningContender, origin: Origin, pace: LoadPlan.Pace, seconds length: Double
  ) throws {
    let load = contender.load(pace)
    load.awaitFirstAnswer(upTo: Self.patience)
    Instant.wait(seconds: Self.warmUp)
    let ours = ProcessTree(root: getpid())
    let before = (
      Instant.now, load.answered, contender.tree.usage, ours.usage.ticks, MachineUsage.current,
      load.processorTime, origin.processorTime
    )
    Instant.wait(seconds: length)
    seconds = Instant.now - before.0
    requests = load.answered - before.1
    usage = contender.tree.usage - before.2
    let ourTicks = ours.usage.ticks - before.3
    let allTicks = MachineUsage.current.ticks - before.4.ticks
    loadTime = load.processorTime - before.5
    originTime = origin.processorTime - before.6
    let foreign = Double(allTicks) - Double(ourTicks)
    strangers = max(0, foreign / MachineUsage.ticksPerSecond / seconds)
    latencies = try load.stop()
  }
}
