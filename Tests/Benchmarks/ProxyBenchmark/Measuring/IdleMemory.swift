// SPDX-License-Identifier: Apache-2.0

/// What an idle keep-alive client costs in the contender's own memory; the kernel's is not counted.
enum IdleMemory {
  /// Before memory is read, so that what is freed late is freed, in seconds.
  private static let settling = 0.5
  /// Few, since the memory they give back would be used for the clients that are counted.
  private static let warmUpClients = 4

  /// KiB for each of so many clients that sent one request and stay.
  static func measure(
    _ contender: any Contender, _ client: ClientProtocol, origin: Origin, clients: Int
  ) throws -> Double {
    let setup = BenchmarkCase.small(client)
    origin.answer(bodyBytes: setup.bodyBytes)
    let running = try RunningContender(contender, setup, origin: origin)
    defer { running.stop() }
    // What every client shares is there before the first one is counted.
    _ = try running.load(.counted(5000), connections: warmUpClients).finish()
    Instant.wait(seconds: settling)
    let before = running.tree.proportionalKiB
    let crowd = try running.crowd(clients)
    Instant.wait(seconds: settling)
    let after = running.tree.proportionalKiB
    crowd.leave()
    return Double(after - before) / Double(clients)
  }
}
