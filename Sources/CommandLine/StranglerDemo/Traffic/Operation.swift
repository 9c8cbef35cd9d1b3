// SPDX-License-Identifier: Apache-2.0

/// One thing a user does.
enum Operation: Sendable, Equatable {
  /// Looks at one of the shop's seeded orders.
  case readOrder(id: Int64)
  /// Looks at the catalogue, which is not being moved.
  case readCatalogue
  /// Places an order, reads it back, and cancels it if asked.
  case placeOrder(sku: String, cancels: Bool)
}

/// What users do, in which proportion.
struct OperationMix: Sendable {
  /// Reads only.
  static let browsing = OperationMix(writeShare: 0)
  /// Reads, and one operation in twelve places an order.
  static let shopping = OperationMix(writeShare: 1.0 / 12)

  let writeShare: Double

  /// Draws the next operation.
  /// - Parameter skus: Articles that can be ordered; not empty.
  func next(orders: Int64, skus: [String], using random: inout some RandomNumberGenerator)
    -> Operation
  {
    let draw = Double.random(in: 0..<1, using: &random)
    if draw < writeShare {
      let sku = skus[Int.random(in: skus.indices, using: &random)]
      return .placeOrder(sku: sku, cancels: Bool.random(using: &random))
    }
    if draw > 0.9 { return .readCatalogue }
    return .readOrder(id: Int64.random(in: 1...orders, using: &random))
  }
}

/// SplitMix64: small, fast, the same everywhere; for repeatable runs, not for secrets.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
