// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
package import RoutingDecisions

/// Why an order was not carried out; nothing was changed then.
package enum CutoverRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownCutover(String, known: [String])
  case unknownRoute(String, known: [String])
  /// The route has nobody to send users to.
  case notSplit(route: String)
  /// The order makes no sense in the cutover's state.
  case order(OrderRefusal, cutover: String)
  /// A completed cutover would fall back to its first stage.
  case completed(cutover: String)
  /// A cutover moves the route.
  case underWay(route: String, cutover: String)
  /// The route has a plan whose gates would not be asked.
  case skipsGates(route: String, cutover: String, to: Percentage)
  /// The plan itself compares nothing, or next to nothing, before everybody goes over.
  case planSkipsGates(cutover: String)
  case killSwitchIsOn
  /// A share would be raised.
  case frozen
  case unchanged(String)
  case unknownEntry(UInt64)
  /// The route stands where it stood after that entry, and so do all others.
  case nothingToRevert(UInt64)
  /// Somebody changed something since; the version in force.
  case outdated(version: UInt64)
  /// The journal takes no such entry.
  case record(JournalChain.Refusal)
  /// This process does not carry plans out: an older one still does.
  case notLeading
  /// Another proxy that shares the journal carries plans out; its name and admin address.
  case following(leader: String?, admin: String?)
  /// This proxy cannot reach the journal that it shares, and does not lead.
  case cutOff(reason: String)
  /// What cannot be written down is not done.
  case journal(String)

  package var description: String {
    switch self {
    case .unknownCutover(let name, let known):
      "There is no cutover \"\(name)\" in the configuration; " + Self.listed(known)
    case .unknownRoute(let name, let known):
      "There is no route \"\(name)\"; " + Self.listed(known)
    case .notSplit(let route):
      "The route \"\(route)\" has no extracted upstream: all its users are legacy's."
    case .order(let refusal, let cutover): "The cutover \"\(cutover)\": \(refusal)."
    case .completed(let cutover):
      "The cutover \"\(cutover)\" is through; roll it back before it is started anew."
    case .underWay(let route, let cutover):
      "The cutover \"\(cutover)\" moves the route \"\(route)\": roll it back, or set 0, or say that "
        + "its gates are to be skipped (--skip-gates), which ends it."
    case .skipsGates(let route, let cutover, let percent):
      "\(percent) % for \"\(route)\" would skip the gates of the cutover \"\(cutover)\": start that, "
        + "or say that its gates are to be skipped (--skip-gates)."
    case .planSkipsGates(let cutover):
      "The plan of the cutover \"\(cutover)\" skips its gates, as strangler routes validate says: "
        + "mend it, or say that they are to be skipped (--skip-gates)."
    case .killSwitchIsOn:
      "The kill switch is on: everybody stays with legacy until it is off."
    case .frozen:
      "Everything is frozen: no share is raised until that is off; lowering one is allowed."
    case .unchanged(let what): "\(what) already; nothing was changed."
    case .unknownEntry(let sequence): "The journal has no entry \(sequence)."
    case .nothingToRevert(let sequence):
      "All routes stand where they stood after entry \(sequence); nothing was changed."
    case .outdated(let version):
      "Something was changed since: version \(version) is in force. Look again, then decide."
    case .record(let refusal): Self.text(refusal)
    case .notLeading:
      "An older process still carries the plans out; ask again once it has ended."
    case .following(let leader?, let admin):
      "The proxy \"\(leader)\" carries the plans out: give the order there"
        + (admin.map { ", at \($0)" } ?? "")
        + ". Users can be taken back from here: kill switch, rollback, 0 %."
    case .following(nil, _):
      "No proxy carries the plans out at the moment; one will within seconds. Users can be taken "
        + "back from here: kill switch, rollback, 0 %."
    case .cutOff(let reason):
      "This proxy is cut off from the journal, so it only takes users back: \(reason)"
    case .journal(let reason):
      "The journal cannot be written, so nothing was changed: \(reason)"
    }
  }

  private static func listed(_ names: [String]) -> String {
    names.isEmpty ? "there is none." : "there is: \(names.joined(separator: ", "))."
  }

  private static func text(_ refusal: JournalChain.Refusal) -> String {
    switch refusal {
    case .noActor: "Say who gives the order: \"actor\"."
    case .noReason: "Say why: \"reason\"."
    case .tooLong(let field): "\(field) is too long for the journal."
    case .routeTwice(let route): "The route \"\(route)\" would move twice."
    }
  }
}
