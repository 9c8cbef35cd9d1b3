// SPDX-License-Identifier: Apache-2.0

import ContentCodings
import ShadowComparison

/// Unpacking and comparing what both sides answered, on the lane or beside it; never on the way of
/// a client.
extension ShadowJob {
  enum Verdict: Sendable {
    case settled
    /// An answer could not be compared.
    case dropped(DropReason)
    /// Legacy should be asked once more; what both sides answered, unpacked.
    case isOpen(legacy: ComparedResponse, extracted: ComparedResponse)
  }

  private enum Unpacked {
    case answer(SideAnswer)
    case dropped(DropReason)
  }

  private var endpoint: String {
    let line = request.line
    return route.comparator.rules.endpoint(method: line.method, target: line.target)
  }

  /// Compares and files; without a ledger for the counters alone.
  func compare(
    with extracted: SideAnswer, _ times: AnswerTimes, _ ledger: (any ShadowLedger)?
  ) -> Verdict {
    let (legacy, other): (SideAnswer, SideAnswer)
    switch (unpack(.response(answer)), unpack(extracted)) {
    case (.dropped(let reason), _), (_, .dropped(let reason)): return .dropped(reason)
    // Whatever the other one answered cannot be held against that.
    case (.answer(.failure(.undecodable)), _): return .dropped(.legacyUnanswered)
    case (.answer(let left), .answer(let right)): (legacy, other) = (left, right)
    }
    if case .failure(.undecodable) = other {
      route.counts.change { $0.failures[.undecodable, default: 0] += 1 }
    }
    let comparison = route.comparator.compare(legacy: legacy, extracted: other)
    guard let ledger else {
      count(comparison, as: comparison.outcome, other)
      return .settled
    }
    guard file(comparison, legacy, other, times, ledger) else { return .settled }
    guard case .response(let left) = legacy, case .response(let right) = other else {
      staysOpen()
      return .settled
    }
    return .isOpen(legacy: left, extracted: right)
  }

  /// Files who was odd, now that legacy has answered once more.
  func compare(
    _ legacy: ComparedResponse, _ extracted: ComparedResponse,
    withLegacyAgain again: ComparedResponse, _ ledger: any ShadowLedger
  ) {
    // An answer that nobody can read tells nothing apart, nor does one of another sort.
    guard case .answer(.response(let again)) = unpack(.response(again)),
      let odd = route.comparator.oddOneOut(
        legacy: legacy, extracted: extracted, legacyAgain: again)
    else { return staysOpen() }
    guard let filed = ledger.file(odd, endpoint: endpoint, of: route.service) else { return }
    // Three answers that all differ there say nothing about the extracted one.
    if filed.isOpen { return staysOpen() }
    route.counts.change { tally in
      tally.judged += 1
      tally.odd.add(filed.odd)
      tally.telling.add(filed.telling)
    }
  }

  /// Nobody will know whose doing the difference is.
  func staysOpen() { route.counts.change { $0.undecided += 1 } }

  /// What was unpacked is kept for as long as the rest of the shadow, and counted with it.
  private func unpack(_ side: SideAnswer) -> Unpacked {
    guard case .response(let response) = side, AnswerDecoder.isPacked(response.headers) else {
      return .answer(side)
    }
    switch route.decoder.decode(response) {
    case .damaged: return .answer(.failure(.undecodable))
    case .dropped(let reason): return .dropped(reason)
    case .plain(let plain):
      if case .whole(let bytes) = plain.body, !bytes.isEmpty, !hold.reserve(bytes.count) {
        return .dropped(.byteBudget)
      }
      return .answer(.response(plain))
    }
  }

  private func count(
    _ comparison: Comparison, as outcome: Comparison.Outcome, _ extracted: SideAnswer
  ) {
    var legacyFailedAlone = false
    if comparison.outcome == .legacyError, case .response(let other) = extracted {
      legacyFailedAlone = other.status < 500
    }
    route.counts.change { tally in
      tally.outcomes[outcome, default: 0] += 1
      if legacyFailedAlone { tally.legacyFailedAlone += 1 }
      // Whose doing a mismatch is only the evidence knows.
      if comparison.outcome != .mismatched { tally.judged += 1 }
    }
  }

  /// True when legacy should be asked once more.
  private func file(
    _ comparison: Comparison, _ legacy: SideAnswer, _ extracted: SideAnswer, _ times: AnswerTimes,
    _ ledger: any ShadowLedger
  ) -> Bool {
    let hasBudget = route.mayAskAgain()
    let line = request.line
    let finding = ShadowFinding(
      service: route.service, endpoint: endpoint, method: line.method, target: line.target,
      legacy: legacy,
      extracted: extracted, comparison: comparison, times: times, rules: route.comparator.rules,
      isSafe: request.isSafe, hasBudget: hasBudget)
    let filed = ledger.file(finding)
    let decision = filed.decision
    if decision == .unfiled {
      // Compared it was, but those that agree prove no more than those that do not.
      route.counts.change { $0.outcomes[filed.outcome, default: 0] += 1 }
      return false
    }
    count(comparison, as: filed.outcome, extracted)
    guard comparison.outcome == .mismatched else { return decision == .askLegacyAgain }
    route.counts.change { tally in
      switch decision {
      case .askLegacyAgain, .unfiled: break
      case .undecided: tally.undecided += 1
      case .known, .done:
        tally.judged += 1
        if decision == .known {
          tally.odd.add(.extracted)
          tally.telling.add(.extracted)
        }
      }
    }
    return decision == .askLegacyAgain
  }
}
