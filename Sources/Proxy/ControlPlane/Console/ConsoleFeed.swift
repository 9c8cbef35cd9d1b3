// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions
internal import ServiceLifecycle

/// Looks at everything once a second and tells the open consoles what changed.
///
/// A listener that reads slowly gets the newest state and none in between. The traffic of each five
/// seconds counts as a change, so that a listener hears something even if nothing happens, and a
/// connection that is gone is noticed when it is written to.
actor ConsoleFeed: Service {
  /// Most consoles that listen at once.
  static let maximumListeners = 16
  /// Time between two looks.
  private static let interval = Duration.seconds(1)

  /// A console that listens.
  struct Listener {
    let number: Int
    /// States as JSON, each in one line; ends when the feed does.
    let states: AsyncStream<String>
  }

  private let sources: ConsoleSources
  private(set) var history = TrafficHistory()
  private var listeners: [Int: AsyncStream<String>.Continuation] = [:]
  private var lastNumber = 0
  private var turns = 0
  private var last = ""

  init(_ sources: ConsoleSources) { self.sources = sources }

  var hasRoom: Bool { listeners.count < Self.maximumListeners }
  var listenerCount: Int { listeners.count }

  /// Runs until shutdown, which ends all listeners.
  func run() async throws {
    // Throws at shutdown, which ends the loop.
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.turn()
        try await Task.sleep(for: Self.interval)
      }
    }
    for listener in listeners.values { listener.finish() }
    listeners = [:]
  }

  /// A second has passed.
  func turn() async {
    if turns.isMultiple(of: TrafficHistory.interval) { sources.record(into: &history) }
    turns += 1
    if listeners.isEmpty { return }
    let state = await text()
    if state == last { return }
    last = state
    for listener in listeners.values { listener.yield(state) }
  }

  /// The state of now, then each one that is another; nil when too many listen already.
  func listen() async -> Listener? {
    let state = await text()
    guard hasRoom else { return nil }
    let (states, continuation) = AsyncStream.makeStream(
      of: String.self, bufferingPolicy: .bufferingNewest(1))
    lastNumber += 1
    listeners[lastNumber] = continuation
    continuation.yield(state)
    return Listener(number: lastNumber, states: states)
  }

  /// The console is gone.
  func leave(_ listener: Listener) { listeners.removeValue(forKey: listener.number)?.finish() }

  private func text() async -> String {
    let json = JSONText.encode(await sources.state(history), isPretty: false)
    return String(json.dropLast())
  }
}
