// SPDX-License-Identifier: Apache-2.0

/// What goes wrong in one checkout: its id says it, such as `take-payment.late.7`.
package struct Fault: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// The step says no.
    case refuses
    /// Its first attempt fails, and has done nothing.
    case fails
    /// Its first attempt does it, and says that it failed.
    case failsAfterwards = "fails-afterwards"
    /// It never answers, and does nothing.
    case silent
    /// It does it, and answers when nobody waits any longer.
    case late
    /// It does it once and answers twice.
    case twice
  }

  package static let steps = ["create-order", "reserve-stock", "take-payment", "confirm"]

  package let step: String
  package let kind: Kind

  package init(_ step: String, _ kind: Kind) {
    self.step = step
    self.kind = kind
  }

  /// What the saga of an id suffers.
  package init?(id: String) {
    let parts = id.split(separator: ".")
    guard parts.count == 3, let kind = Kind(rawValue: String(parts[1])) else { return nil }
    self.init(String(parts[0]), kind)
  }

  package static func of(_ id: String, _ step: String) -> Kind {
    guard let fault = Fault(id: id), fault.step == step else { return .none }
    return fault.kind
  }

  /// What a step may do wrong: a refusal of the last step is asked about until it is none, and what
  /// is in the saga's own database does not answer late.
  package static let all = steps.flatMap { step in
    Kind.allCases.filter { kind in
      step != "create-order" || [.none, .refuses, .fails].contains(kind)
    }.map { Fault(step, $0) }
  }

  package static func random(using random: inout some RandomNumberGenerator) -> Fault {
    all.randomElement(using: &random) ?? Fault("confirm", .none)
  }

  package func id(_ number: some BinaryInteger) -> String { "\(step).\(kind.rawValue).\(number)" }

  package var description: String { "\(step) \(kind.rawValue)" }

  /// How a checkout with this fault must end where no process is killed; nil where either may be.
  package var isCompleted: Bool {
    switch (step, kind) {
    case (_, .none), (_, .fails), (_, .twice), ("confirm", _): true
    // A call is cancelled when its time is over, and what it answers then counts.
    case ("take-payment", .late): true
    // The second attempt finds that it is done.
    case ("take-payment", .failsAfterwards): true
    // The inbox tries an effect again that failed, and what failed afterwards was undone.
    case ("reserve-stock", .failsAfterwards): true
    default: false
    }
  }
}
