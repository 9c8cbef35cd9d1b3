// SPDX-License-Identifier: Apache-2.0
internal import DataMapping
internal import MappedStores

/// What came of `strangler data advance` or `retreat`; its JSON is described by
/// `fixtures/schemas/data-order.schema.json`.
struct MigrationAnswer: Encodable {
  let schema = "strangler.data-order/1"
  let mapping: String
  let order: String
  /// Whether the state is the one that the order leads to.
  let done: Bool
  /// The state before.
  let from: String
  /// The state now.
  let state: String
  let epoch: Int64
  /// Why it was refused; empty when it was not.
  let missing: [String]
  /// Why it was turned back; null when it was not.
  let turnedBack: String?
  /// How long neither side took writes.
  let pauseMilliseconds: Double

  let summary: String

  private enum CodingKeys: CodingKey {
    case schema, mapping, order, done, from, state, epoch, missing, turnedBack, pauseMilliseconds
  }

  init(
    _ order: Migration.Order, _ seen: Migration, _ outcome: MigrationRun.Outcome?,
    _ missing: [String]
  ) {
    let now = outcome?.migration ?? seen
    mapping = seen.mapping
    self.order = order.rawValue
    done = missing.isEmpty && outcome?.turnedBack == nil
    from = seen.state.rawValue
    state = now.state.rawValue
    epoch = now.epoch
    self.missing = missing
    turnedBack = outcome?.turnedBack
    let (seconds, fraction) = (outcome?.pause ?? .zero).components
    pauseMilliseconds = Double(seconds) * 1_000 + Double(fraction / 1_000_000_000_000) / 1_000
    summary = now.state.summary
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(mapping, forKey: .mapping)
    try container.encode(order, forKey: .order)
    try container.encode(done, forKey: .done)
    try container.encode(from, forKey: .from)
    try container.encode(state, forKey: .state)
    try container.encode(epoch, forKey: .epoch)
    try container.encode(missing, forKey: .missing)
    try container.encode(turnedBack, forKey: .turnedBack)
    try container.encode(pauseMilliseconds, forKey: .pauseMilliseconds)
  }

  var text: String {
    if !missing.isEmpty {
      return "\(mapping): stays at \(state); to \(order), this is missing:\n"
        + missing.map { "  \($0)\n" }.joined()
    }
    if let turnedBack {
      return "\(mapping): turned back to \(state), \(pause): \(turnedBack)\n"
    }
    if from == state, turnedBack == nil, pauseMilliseconds == 0 {
      return "\(mapping): stays at \(state): \(summary)\n"
    }
    return
      "\(mapping): \(from) to \(state): \(summary)\(pauseMilliseconds > 0 ? "; \(pause)" : "")\n"
  }

  private var pause: String { "writes paused for \(Int(pauseMilliseconds.rounded(.up))) ms" }
}
