// SPDX-License-Identifier: Apache-2.0
internal import NIOHTTP1
internal import Synchronization

/// Keeps many users busy at a steady rate and writes down what each of them experienced.
final class TrafficGenerator: Sendable {
  /// What the users do now; changed by the demonstration's steps while traffic flows.
  struct Course: Sendable {
    var phase: UserLedger.Phase
    var mix: OperationMix
  }

  private let shop: ShopClient
  private let options: DemoOptions
  private let skus: [String]
  private let seededOrders: Int64
  private let course: Mutex<Course>
  private let writes = WriteGate()
  private let pacer: Mutex<Pacer>
  private let users = Mutex(UserLedger())
  private let orders = Mutex(OrderLedger())
  private let clock = ContinuousClock()

  /// - Parameters:
  ///   - skus: Articles that users order; not empty.
  ///   - seededOrders: Orders 1 to this number exist on both sides.
  init(shop: ShopClient, options: DemoOptions, skus: [String], seededOrders: Int64) {
    self.shop = shop
    self.options = options
    self.skus = skus
    self.seededOrders = seededOrders
    course = Mutex(Course(phase: .ramp, mix: .browsing))
    pacer = Mutex(Pacer(perSecond: options.requestsPerSecond, start: ContinuousClock().now))
  }

  /// What users experienced so far.
  var userLedger: UserLedger { users.withLock { $0 } }
  /// What they ordered so far, by the answers they got.
  var orderLedger: OrderLedger { orders.withLock { $0 } }

  /// Changes what users do from their next operation on.
  func set(phase: UserLedger.Phase, mix: OperationMix) {
    course.withLock { $0 = Course(phase: phase, mix: mix) }
  }

  /// Runs a change while no order is being placed. An order lives where it was placed, and moving
  /// data is a step of its own: nobody may be moved between placing an order and reading it back.
  func whileNoWrites<Failure: Error>(
    _ change: () async throws(Failure) -> Void
  ) async throws(Failure) {
    await writes.close()
    defer { writes.open() }
    try await change()
  }

  /// Runs until its task is cancelled; operations in flight are finished.
  func run() async {
    await withDiscardingTaskGroup { group in
      for user in 0..<options.users {
        group.addTask { await self.live(user) }
      }
    }
  }

  private func live(_ user: Int) async {
    var random = SeededRandom(seed: options.seed &+ UInt64(user))
    while true {
      let slot = pacer.withLock { $0.next(now: clock.now) }
      do { try await clock.sleep(until: slot) } catch { return }
      let current = course.withLock { $0 }
      let operation = current.mix.next(orders: seededOrders, skus: skus, using: &random)
      // A request in flight is finished even when the generator stops meanwhile: a request that the
      // generator itself gave up must not count as one that the proxy lost.
      await Task { await self.perform(operation, user: user, phase: current.phase) }.value
    }
  }

  private func perform(_ operation: Operation, user: Int, phase: UserLedger.Phase) async {
    switch operation {
    case .readCatalogue:
      await note(user, phase, split: false) { try await $0.send(.GET, "/products", user: $1) }
    case .readOrder(let id):
      await note(user, phase, expecting: id) { try await $0.send(.GET, "/orders/\(id)", user: $1) }
    case .placeOrder(let sku, let cancels):
      guard writes.enter() else { return }
      await placeOrder(sku: sku, cancels: cancels, user: user, phase: phase)
      writes.leave()
    }
  }

  private func placeOrder(
    sku: String, cancels: Bool, user: Int, phase: UserLedger.Phase
  ) async {
    let draft = #"{"customerId":\#(user + 1),"lines":[{"sku":"\#(sku)","quantity":1}]}"#
    let placed = await note(user, phase) {
      try await $0.send(.POST, "/orders", user: $1, json: draft)
    }
    guard let placed, placed.status == 201, let id = placed.orderID else { return }
    orders.withLock { $0.placed(id, on: placed.side) }
    let seen = await note(user, phase, expecting: id) {
      try await $0.send(.GET, "/orders/\(id)", user: $1)
    }
    guard cancels, seen?.status == 200 else { return }
    let cancelled = await note(user, phase, expecting: id) {
      try await $0.send(
        .POST, "/orders/\(id)/cancel", user: $1, json: #"{"reason":"changed my mind"}"#)
    }
    if cancelled?.status == 200 { orders.withLock { $0.cancelled(id) } }
  }

  @discardableResult
  private func note(
    _ user: Int, _ phase: UserLedger.Phase, split: Bool = true, expecting id: Int64? = nil,
    _ send: (ShopClient, String) async throws -> ShopClient.Answer
  ) async -> ShopClient.Answer? {
    let start = clock.now
    let answer = try? await send(shop, "user-\(user)")
    // Only what began and ended while the percentage stood or grew can show a flip, and only what
    // began after the rollback can show that it holds.
    let now = course.withLock { $0.phase }
    let effective = phase != .ramp ? phase : now == .rolledBack ? .rollback : now
    users.withLock {
      $0.note(
        UserLedger.Answer(
          user: user, phase: effective, isSplitRoute: split, side: answer?.side,
          status: answer?.status,
          milliseconds: answer?.milliseconds ?? (clock.now - start) / .milliseconds(1),
          isRight: id == nil || answer?.orderID == id))
    }
    return answer
  }
}
