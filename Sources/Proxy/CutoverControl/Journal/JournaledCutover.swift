// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A cutover as the journal keeps it. The plan is that of its start: its error rate is proved for
/// that one, so a cutover under way goes on with it whatever the file says by then.
package struct JournaledCutover: Sendable, Equatable, Codable {
  package let plan: CutoverPlan
  package let state: CutoverState

  package init(plan: CutoverPlan, state: CutoverState) {
    self.plan = plan
    self.state = state
  }

  /// One line of JSON with sorted keys; doubles in their shortest exact form, so that decoding
  /// gives back every bit.
  package var json: String { JSONText.line(self) }

  /// Reads what `json` wrote.
  package init(json: String) throws(UnusableState) {
    do {
      self = try JSONDecoder().decode(JournaledCutover.self, from: Data(json.utf8))
    } catch {
      throw .unreadable
    }
  }
}

extension CutoverMachine {
  /// Everything that a restart needs.
  package var journaled: JournaledCutover { JournaledCutover(plan: plan, state: state) }
}

/// What holds for all routes of an installation, as the journal keeps it beside its cutovers.
package struct InstallationState: Sendable, Equatable, Codable {
  /// What the configuration file said of each split route when it was read last. A share that was
  /// set live stays until the file's own number is another one.
  package var fileShares: [String: Percentage]
  /// Raises of a file that was read while everything was frozen; nil for none.
  package var heldShares: [String: Percentage]?
  /// Nothing is promoted, and no file raises anything.
  package var isFrozen: Bool
  /// Everything stays with legacy.
  package var isKilled: Bool

  package init(
    fileShares: [String: Percentage] = [:], isFrozen: Bool = false, isKilled: Bool = false
  ) {
    self.fileShares = fileShares
    self.isFrozen = isFrozen
    self.isKilled = isKilled
  }

  /// One line of JSON with sorted keys.
  package var json: String { JSONText.line(self) }

  /// Reads what `json` wrote.
  package init(json: String) throws(UnusableState) {
    do {
      self = try JSONDecoder().decode(InstallationState.self, from: Data(json.utf8))
    } catch {
      throw .unreadable
    }
  }
}

extension JSONText {
  static func line(_ value: some Encodable) -> String {
    String(encode(value, isPretty: false).prefix { $0 != "\n" })
  }
}
