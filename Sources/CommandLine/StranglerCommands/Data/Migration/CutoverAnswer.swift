// SPDX-License-Identifier: Apache-2.0
internal import DataMapping

/// What came of `strangler data cutover` or `retire`; its JSON is described by
/// `fixtures/schemas/data-cutover.schema.json`.
struct CutoverAnswer: Encodable {
  enum Order: String, Encodable {
    case cutover, retire

    /// Where it leads.
    var target: MigrationState { self == .cutover ? .newPrimary : .retired }
  }

  let schema = "strangler.data-cutover/1"
  let mapping: String
  let order: Order
  /// Whether nothing was to be changed.
  let dryRun: Bool
  /// Whether the state is the one that the order leads to or, of a dry run, every gate holds.
  private(set) var done: Bool
  /// The state before.
  let from: String
  /// The state now.
  private(set) var state: String
  private(set) var epoch: Int64
  /// What the gates say; empty unless it is a dry run.
  private(set) var gates: [MigrationReport.Gate] = []
  /// Why it was refused; empty when it was not.
  private(set) var missing: [String] = []
  /// Why it was turned back; null when it was not.
  private(set) var turnedBack: String?
  /// The longest time that neither side took writes.
  private(set) var pauseMilliseconds = 0.0

  private var summary: String

  private enum CodingKeys: CodingKey {
    case schema, mapping, order, dryRun, done, from, state, epoch, gates, missing, turnedBack,
      pauseMilliseconds
  }

  /// Nothing was done yet.
  init(_ order: Order, _ seen: Migration, dryRun: Bool) {
    (self.order, self.dryRun) = (order, dryRun)
    mapping = seen.mapping
    (from, state, epoch) = (seen.state.rawValue, seen.state.rawValue, seen.epoch)
    done = seen.isSettled && seen.state == order.target
    summary = seen.state.summary
    if !done, !Self.starts(order).contains(seen.state) { missing = [Self.refusal(order, seen)] }
  }

  /// Whether there is something to do.
  var isOpen: Bool { !done && missing.isEmpty && turnedBack == nil }

  private static func starts(_ order: Order) -> [MigrationState] {
    order == .cutover ? [.legacyReads, .newReads, .newPrimary] : [.newPrimary, .retired]
  }

  private static func refusal(_ order: Order, _ seen: Migration) -> String {
    switch (order, seen.state) {
    case (.cutover, .retired): "\(seen.mapping) is retired, which is beyond that"
    case (.cutover, _):
      "nothing follows yet; strangler data advance begins that, strangler data backfill copies"
    case (.retire, _):
      "\(seen.mapping) is at \(seen.state.rawValue), and only what is written on the new side is "
        + "retired; run strangler data cutover"
    }
  }

  /// Takes what came of a step.
  mutating func took(_ step: MigrationAnswer) {
    (state, epoch, summary) = (step.state, step.epoch, step.summary)
    missing = step.missing
    turnedBack = step.turnedBack
    pauseMilliseconds = max(pauseMilliseconds, step.pauseMilliseconds)
    done = step.done && step.state == order.target.rawValue
  }

  /// Takes what the gates of the step say that leads to the target.
  mutating func asked(_ step: MigrationStep, _ evidence: MigrationEvidence, _ fingerprint: String) {
    gates = step.gates.map { gate in
      let missing = gate.objections(to: evidence, fingerprint: fingerprint)
      let isOpen = gate.needsComparison && evidence.comparison == .notMade
      return MigrationReport.Gate(
        name: gate.rawValue, outcome: isOpen ? "open" : missing.isEmpty ? "holds" : "missing",
        missing: isOpen ? [] : missing)
    }
    missing = gates.flatMap(\.missing)
    done = gates.allSatisfy { $0.outcome == "holds" }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(mapping, forKey: .mapping)
    try container.encode(order, forKey: .order)
    try container.encode(dryRun, forKey: .dryRun)
    try container.encode(done, forKey: .done)
    try container.encode(from, forKey: .from)
    try container.encode(state, forKey: .state)
    try container.encode(epoch, forKey: .epoch)
    try container.encode(gates, forKey: .gates)
    try container.encode(missing, forKey: .missing)
    try container.encode(turnedBack, forKey: .turnedBack)
    try container.encode(pauseMilliseconds, forKey: .pauseMilliseconds)
  }

  var text: String {
    if dryRun, !gates.isEmpty {
      let end = done ? "every gate holds" : "not every gate holds"
      return "\(mapping): \(state), and asked for \(order.target.rawValue):\n"
        + gates.map { "  \($0.text)\n" }.joined() + "\(mapping): \(end); nothing was changed\n"
    }
    if !missing.isEmpty {
      return "\(mapping): stays at \(state); for \(order.rawValue), this is missing:\n"
        + missing.map { "  \($0)\n" }.joined()
    }
    if let turnedBack {
      return "\(mapping): turned back to \(state), \(pause): \(turnedBack)\n"
    }
    if from == state { return "\(mapping): at \(state) already: \(summary)\n" }
    return
      "\(mapping): \(from) to \(state): \(summary)\(pauseMilliseconds > 0 ? "; \(pause)" : "")\n"
  }

  private var pause: String { "writes paused for \(Int(pauseMilliseconds.rounded(.up))) ms" }
}
