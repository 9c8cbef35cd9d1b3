// SPDX-License-Identifier: Apache-2.0

/// The section `cutovers`: plans by name.
extension ConfigurationDecoder {
  func decodeCutovers(_ child: MappingReader.Child) -> [CutoverPlan] {
    guard let reader = MappingReader(child, expected: "cutovers by name", findings) else {
      return []
    }
    return reader.children.map { name, child in
      if !ConfigurationName.isValid(name) {
        findings.error(
          child.key, at: child.node.mark, "expected \(ConfigurationName.expected) as its key")
      }
      return decodeCutover(name, child)
    }
  }

  private func decodeCutover(_ name: String, _ child: MappingReader.Child) -> CutoverPlan {
    var plan = CutoverPlan(name: name, routes: [], stages: [])
    let expected = "a plan: { routes, stages, gates, freeze, alpha }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return plan }
    if let routes = reader.child("routes") {
      plan.routes = items(routes, expected: "a list of routes such as [cart, checkout]")
        .compactMap { ScalarType.name.read($0, findings) }
    } else {
      reader.missing("routes", "a list of routes such as [cart, checkout]")
    }
    plan.alpha = reader.value("alpha", as: .share) ?? plan.alpha
    if let stages = reader.child("stages") {
      plan.stages = items(stages, expected: "a list of stages").map(decodeStage)
    } else {
      reader.missing("stages", "a list of stages such as [ { percent: 1, soak: 1h } ]")
    }
    if let gates = reader.child("gates") { plan.gates = decodeGates(gates) }
    if let freeze = reader.child("freeze") {
      plan.freezes = items(freeze, expected: "a list of windows").compactMap(decodeFreeze)
    }
    reader.finish()
    return plan
  }

  private func decodeStage(_ child: MappingReader.Child) -> CutoverStage {
    var stage = CutoverStage(percent: .zero, soak: .zero)
    let expected = "a stage: { percent, soak, minimum, approval, evidence, tolerance }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return stage }
    stage.percent = reader.required("percent", as: .percentage) ?? .zero
    stage.soak = reader.required("soak", as: .duration) ?? .zero
    stage.minimum = reader.value("minimum", as: .count) ?? 0
    stage.needsApproval = reader.value("approval", as: .truth) ?? false
    stage.evidence = reader.value("evidence", as: .evidence) ?? .concurrent
    stage.tolerance = reader.value("tolerance", as: .share)
    reader.finish()
    return stage
  }

  private func decodeGates(_ child: MappingReader.Child) -> CutoverGates {
    var gates = CutoverGates()
    let expected = "gates: { errors, latency, mismatches }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return gates }
    if let errors = reader.child("errors") { gates.errors = decodeErrorGate(errors) }
    if let latency = reader.child("latency") {
      gates.latency =
        isOff(latency)
        ? []
        : items(latency, expected: "a list such as [ { quantile: 0.95 } ], or off")
          .compactMap(decodeLatencyGate)
    }
    if let mismatches = reader.child("mismatches"), !isOff(mismatches) {
      gates.mismatches = decodeMismatchGate(mismatches)
    }
    reader.finish()
    return gates
  }

  private func decodeErrorGate(_ child: MappingReader.Child) -> ErrorGateRules {
    var rules = ErrorGateRules()
    let expected = "{ ratio, margin, ceiling }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return rules }
    rules.ratio = reader.value("ratio", as: .factor) ?? rules.ratio
    rules.margin = reader.value("margin", as: .share) ?? rules.margin
    rules.ceiling = reader.value("ceiling", as: .share)
    reader.finish()
    return rules
  }

  private func decodeLatencyGate(_ child: MappingReader.Child) -> LatencyGateRules? {
    let expected = "{ quantile: 0.95, slowdown, ratio }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let quantile = reader.required("quantile", as: .share)
    let slowdown = reader.value("slowdown", as: .factor)
    let ratio = reader.value("ratio", as: .factor)
    reader.finish()
    guard let quantile else { return nil }
    var rules = LatencyGateRules(quantile: quantile)
    rules.slowdown = slowdown ?? rules.slowdown
    rules.ratio = ratio ?? rules.ratio
    return rules
  }

  private func decodeMismatchGate(_ child: MappingReader.Child) -> MismatchGateRules {
    var rules = MismatchGateRules()
    let expected = "{ margin, stable }, or off"
    guard var reader = MappingReader(child, expected: expected, findings) else { return rules }
    rules.margin = reader.value("margin", as: .share) ?? rules.margin
    rules.areStable = reader.value("stable", as: .truth) ?? false
    reader.finish()
    return rules
  }

  /// `{ days: [fri], from: 16:00, to: 24:00 }` or `{ start: ..., end: ... }`.
  private func decodeFreeze(_ child: MappingReader.Child) -> FreezeWindow? {
    let expected = "{ days, from, to } or { start, end }, all UTC"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    if reader.has("start") || reader.has("end") {
      let start = reader.required("start", as: .instant)
      let end = reader.required("end", as: .instant)
      reader.finish()
      guard let start, let end else { return nil }
      if start < end { return .once(start..<end) }
      findings.error("\(child.key).end", at: reader.mark, "expected a time after the start")
      return nil
    }
    let days = reader.child("days").map { list in
      items(list, expected: "a list of days such as [sat, sun]").compactMap {
        ScalarType.weekday.read($0, findings)
      }
    }
    let from = reader.value("from", as: .minute) ?? 0
    let to = reader.value("to", as: .minute) ?? FreezeWindow.minutesPerDay
    reader.finish()
    guard from < to else {
      findings.error(
        "\(child.key).to", at: reader.mark,
        "expected a time after \"from\"; write a window over midnight as two")
      return nil
    }
    return .weekly(days: days ?? FreezeWindow.Weekday.allCases, minutes: from..<to)
  }
}

extension ScalarType where Value == Double {
  static let factor = ScalarType(expected: "a factor from 1 to 10, such as 1.25") { text in
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    guard isPlain, let factor = Double(text), (1...10).contains(factor) else { return nil }
    return factor
  }
}

extension ScalarType where Value == CutoverStage.Evidence {
  static let evidence = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == FreezeWindow.Weekday {
  static let weekday = ScalarType(
    expected: "one of mon, tue, wed, thu, fri, sat, sun", parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == Int {
  static let minute = ScalarType(
    expected: "a time of the day in UTC such as 16:00", parse: { CalendarTime.minute($0) })
}

extension ScalarType where Value == Int64 {
  static let instant = ScalarType(
    expected: "a time in UTC such as 2026-12-20T08:00Z", parse: { CalendarTime.seconds($0) })
}
