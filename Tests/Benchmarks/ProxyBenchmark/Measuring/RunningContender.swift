// SPDX-License-Identifier: Apache-2.0

/// A contender that answers requests, until it is stopped.
final class RunningContender {
  let name: String
  let port: UInt16
  private let client: ClientProtocol
  /// The processes, taken once it answered.
  private(set) var tree: ProcessTree
  private let child: ChildProcess

  /// Starts a contender and waits until it answers.
  ///
  /// - Parameters:
  ///   - wrapper: a command that runs the contender, and what to run in place of its program.
  ///   - idleSeconds: how long its clients may rest between two requests.
  ///   - patience: seconds until it has to answer.
  init(
    _ contender: any Contender, _ setup: BenchmarkCase, origin: Origin,
    wrapper: (program: String, command: [String])? = nil, idleSeconds: Int = 60,
    patience: Double = 10
  ) throws {
    name = contender.name
    client = setup.client
    port = try LoopbackSocket.freePorts(1)[0]
    let task = ProxyTask(
      listen: port, legacy: origin.legacyPort, extracted: origin.extractedPort,
      workers: setup.workers, client: setup.client,
      certificate: setup.client.isTLS ? try ServerCertificate.shared() : nil,
      isOneProcess: wrapper != nil, idleSeconds: idleSeconds)
    let prefix = "contender-\(port)"
    let arguments = try contender.prepare(task, prefix: prefix)
    let command = (wrapper?.command ?? []) + [wrapper?.program ?? contender.program] + arguments
    let log = try ScratchFolder.shared.path("\(prefix).out")
    let layout = ProcessorLayout(workers: setup.workers)
    let child = try ChildProcess(layout.pinned(command), output: log)
    self.child = child
    tree = ProcessTree(root: child.pid)
    let probe = LoadPlan(port: port, client: client, connections: 1, pace: .counted(1))
    let answers = Instant.wait(upTo: patience) { child.hasEnded || Self.answers(probe) }
    if !answers || child.hasEnded {
      child.stop()
      throw BenchmarkError(
        "\(contender.name) does not answer (status \(child.status ?? 0)); it wrote: "
          + (ProcessFiles.text(log) ?? "nothing"))
    }
    tree = ProcessTree(root: child.pid)
  }

  /// Starts a load; `connections`: nil takes as many as the protocol's loads have.
  func load(_ pace: LoadPlan.Pace, connections: Int? = nil) -> LoadGenerator {
    LoadGenerator(LoadPlan(port: port, client: client, connections: connections, pace: pace))
  }

  func crowd(_ count: Int) throws -> IdleCrowd {
    try IdleCrowd(port: port, client: client, count: count)
  }

  func stop() { child.stop() }

  private static func answers(_ probe: LoadPlan) -> Bool {
    (try? LoadGenerator(probe).finish())?.answered == 1
  }
}
