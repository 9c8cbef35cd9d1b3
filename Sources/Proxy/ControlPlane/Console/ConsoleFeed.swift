// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions
internal import ServiceLifecycle

/// Looks at everything once a second and tells the open consoles what changed.
///
/// A listener that reads slowly gets the newest state and none in between; one that reads nothing
/// loses its place. The traffic of each five
/// seconds counts as a change, so that a listener hears something even if nothing happens, and a
/// connection that is gone is noticed when it is written to.
actor ConsoleFeed: Service {
  /// Most consoles that listen at once.
  static let maximumListeners = 16
  /// Changes in a row that a listener may miss before its place is given to others: half a minute
  /// to two and a half.
  static let maximumMissed = 30
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
  /// Changes in a row that listeners did not take, because their connection takes nothing.
  private var missed: [Int: Int] = [:]
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
    for (number, listener) in listeners {
      guard case .dropped = listener.yield(state) else {
        missed[number] = nil
        continue
      }
      missed[number, default: 0] += 1
      if missed[number, default: 0] >= Self.maximumMissed { leave(number) }
    }
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
  func leave(_ listener: Listener) { leave(listener.number) }

  private func leave(_ number: Int) {
    missed[number] = nil
    listeners.removeValue(forKey: number)?.finish()
  }

  private func text() async -> String {
    let json = JSONText.encode(await sources.state(history), isPretty: false)
    return String(json.dropLast())
  }
}
