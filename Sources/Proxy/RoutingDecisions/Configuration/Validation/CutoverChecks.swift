// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

extension ConfigurationChecks {
  /// Most stages of a plan: the chance to see a difference late shrinks with each.
  private static let mostStages = 20
  /// Most routes of a plan: what its gates know of all of them is one entry of the journal.
  private static let mostRoutes = 400
  /// From this on an error gate that is the only one of a plan would notice next to nothing.
  private static let uselessMargin = 0.25
  /// From this on a proof that a service is not worse by it says little.

  mutating func checkCutovers() {
    var owners: [String: String] = [:]
    var names: Set<String> = []
    for plan in configuration.cutovers {
      let key = "cutovers.\(plan.name)"
      if !names.insert(plan.name).inserted { error(key, "another cutover has this name") }
      if !(plan.alpha > 0 && plan.alpha <= 0.2) {
        error("\(key).alpha", "expected a share above 0, at most 0.2; found \(plan.alpha)")
      }
      checkRoutes(of: plan, key, &owners)
      checkStages(of: plan, "\(key).stages")
      checkGates(of: plan, "\(key).gates")
      for (index, window) in plan.freezes.enumerated() {
        if case .weekly(days: [], _) = window {
          error("\(key).freeze[\(index)].days", "expected at least one day, or no such key")
        }
      }
    }
    if !configuration.cutovers.isEmpty, configuration.journal == nil {
      warning("cutovers", "no plan can be started without proxy.journal: { path, installation }")
    }
  }

  private mutating func checkRoutes(
    of plan: CutoverPlan, _ key: String, _ owners: inout [String: String]
  ) {
    if plan.routes.isEmpty { error("\(key).routes", "expected at least one route") }
    if plan.routes.count > Self.mostRoutes {
      error(
        "\(key).routes",
        "expected at most \(Self.mostRoutes) routes, found \(plan.routes.count); make several plans"
      )
    }
    let known = configuration.routes.map(\.name)
    var groups: Set<String> = []
    for (index, name) in plan.routes.enumerated() {
      let key = "\(key).routes[\(index)]"
      guard let route = configuration.routes.first(where: { $0.name == name }) else {
        let guess = Spelling.guess(name, among: known)
        error(key, "there is no route \"\(name)\"; \(guess)")
        continue
      }
      if let owner = owners[name] {
        error(key, "the cutover \"\(owner)\" moves this route already")
      }
      owners[name] = plan.name
      if route.extracted == nil { error(key, "the route has no extracted side to move to") }
      if route.percent > .zero {
        warning(
          key,
          "the route's own percent: \(route.percent) is taken up from the file without the gates and "
            + "freeze windows of this plan; leave it out and start the plan")
      }
      checkComparisons(route, plan, key)
      groups.insert(route.group ?? route.name)
    }
    if groups.count > 1 {
      error(
        "\(key).routes",
        "routes that move together need one group, or a user could be on two sides; found "
          + groups.sorted().joined(separator: ", "))
    }
    for route in configuration.routes
    where route.group.map(groups.contains) ?? false && !plan.routes.contains(route.name) {
      error(
        "\(key).routes", "\"\(route.name)\" is of the same group and would stay behind; add it")
    }
  }

  /// What is compared should be judged, and what is to be judged compared.
  private mutating func checkComparisons(
    _ route: RouteConfiguration, _ plan: CutoverPlan, _ key: String
  ) {
    let compares = route.shadow?.mode == .compare
    if compares, plan.gates.mismatches == nil {
      warning(
        key,
        "the route's shadow compares answers, and no gate judges what it finds; add "
          + "gates.mismatches: {}")
    }
    // Of several routes some may have answers that nobody can compare, such as streams.
    let begins = plan.stages.contains { $0.percent == .zero }
    let othersCompare = configuration.routes.contains {
      plan.routes.contains($0.name) && $0.shadow?.mode == .compare
    }
    if !compares, plan.gates.mismatches != nil, begins || !othersCompare {
      warning(
        key,
        "gates.mismatches has nothing to judge on this route"
          + (begins ? ", so that its stage at 0 % never ends" : "")
          + "; add shadow: { mode: compare } to the route")
    }
  }

  private mutating func checkStages(of plan: CutoverPlan, _ key: String) {
    if !(1...Self.mostStages).contains(plan.stages.count) {
      error(key, "expected 1 to \(Self.mostStages) stages, found \(plan.stages.count)")
    }
    for (index, stage) in plan.stages.enumerated() {
      let key = "\(key)[\(index)]"
      if index > 0, stage.percent <= plan.stages[index - 1].percent {
        error(
          "\(key).percent",
          "expected more than the \(plan.stages[index - 1].percent) % of the stage before")
      }
      if stage.percent == .zero, plan.gates.mismatches == nil {
        error(
          "\(key).percent",
          "at 0 % only shadow comparisons tell anything: add gates.mismatches, or leave it out")
      }
      if stage.soak < .seconds(60) {
        error("\(key).soak", "expected at least 1m: a minute without answers is silence")
      }
      check(stage.minimum, in: 0...1_000_000_000, "\(key).minimum")
      if let tolerance = stage.tolerance, !(0.0001...0.5).contains(tolerance) {
        error("\(key).tolerance", "expected a share from 0.0001 to 0.5, found \(tolerance)")
      } else if let tolerance = stage.tolerance, stage.skipsGates {
        warning(
          "\(key).tolerance",
          "this skips its gates: a service that fails \(tolerance * 100) % more of its requests is "
            + "good enough to go on; it starts with --skip-gates only")
      }
      checkEvidence(stage, "\(key).evidence")
    }
    if plan.stages.first?.needsApproval == true {
      warning("\(key)[0].approval", "whoever starts the cutover approves its first stage")
    }
    if let first = plan.stages.first, first.percent.hundredths >= CutoverStage.littleLegacy {
      warning(
        "\(key)[0].percent",
        "this skips its gates: everybody goes over before anything was compared with legacy; begin "
          + "with a stage of a few percent, for it starts with --skip-gates only")
    }
  }

  private mutating func checkEvidence(_ stage: CutoverStage, _ key: String) {
    if stage.percent.hundredths < CutoverStage.littleLegacy {
      if stage.evidence != .concurrent {
        error(key, "below 95 % there is legacy to compare with; leave the key out")
      }
    } else if stage.percent == .full, stage.evidence != .absolute {
      error(
        key,
        "at 100 % there is no legacy to compare with: stay at 99 % until the plan ends, or write "
          + "absolute, which cannot tell a shared incident from a bad service")
    } else if stage.evidence == .concurrent {
      error(
        key,
        "at 95 % and above legacy answers little: write hold-back to go on comparing with it, or "
          + "absolute to measure by a ceiling")
    }
  }

  private mutating func checkGates(of plan: CutoverPlan, _ key: String) {
    let gates = plan.gates
    check(gates.errors.ratio, in: 1...10, "\(key).errors.ratio")
    check(gates.errors.margin, in: 0...0.5, "\(key).errors.margin")
    if gates.latency.isEmpty {
      if gates.mismatches == nil, gates.errors.margin >= Self.uselessMargin {
        error(
          key,
          "no gate is left: latency has none, and errors may be \(gates.errors.margin * 100) % more "
            + "than legacy's; leave one of both keys out")
      } else {
        warning(
          "\(key).latency",
          "no gate of latency is left: a service that is slower, or hangs, is not taken back for that"
        )
      }
    }
    if let ceiling = gates.errors.ceiling {
      check(ceiling, in: 0.0001...0.9, "\(key).errors.ceiling")
    }
    for (index, latency) in gates.latency.enumerated() {
      let key = "\(key).latency[\(index)]"
      check(latency.quantile, in: 0.5...0.999, "\(key).quantile")
      check(latency.slowdown, in: 1...10, "\(key).slowdown")
      check(latency.ratio, in: 1...10, "\(key).ratio")
      if gates.latency[..<index].contains(where: { $0.quantile == latency.quantile }) {
        error("\(key).quantile", "this quantile stands here twice")
      }
    }
    if let mismatches = gates.mismatches {
      check(mismatches.margin, in: 0...0.5, "\(key).mismatches.margin")
      if mismatches.areStable, mismatches.margin == 0 {
        error(
          "\(key).mismatches.margin",
          "with stable paths the margin is all that is tolerated; expected more than 0")
      }
    }
  }

  private mutating func check(_ number: Double, in range: ClosedRange<Double>, _ key: String) {
    if !range.contains(number) {
      error(key, "expected \(range.lowerBound) to \(range.upperBound), found \(number)")
    }
  }
}
