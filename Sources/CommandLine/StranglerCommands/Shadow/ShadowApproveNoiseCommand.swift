// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import ShadowComparison
internal import ShadowEvidenceStore

struct ShadowApproveNoiseCommand: AsyncParsableCommand {
  /// Kinds of differences as the command line names them.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case value, type, presence, order, format

    var kind: PathKind.Kind {
      switch self {
      case .value: .value
      case .type: .type
      case .presence: .presence
      case .order: .order
      case .format: .format
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "approve-noise",
    abstract: "Say that a differing path is noise, or take that back.",
    discussion: """
      Who approved what and why stays in the evidence, also after it was revoked. Comparisons from
      then on no longer count the path as a mismatch; it stays in reports, under the name of who
      approved it, and the evidence against it goes on being gathered. A path that is likely or real
      is refused, unless --despite-evidence says that its difference is meant.

      EXAMPLES
        strangler shadow approve-noise --endpoint 'GET /orders/{id}' --path servedAt \\
          --reason 'time of the answer'
        strangler shadow approve-noise --endpoint 'GET /orders/{id}' --path servedAt --revoke \\
          --reason 'the service sends local time'
        strangler shadow approve-noise --list
      """)

  @OptionGroup var evidence: EvidenceOption

  @Option(help: "Endpoint as reports name it, such as 'GET /orders/{id}'.")
  var endpoint: String?

  @Option(help: "Path as reports name it, such as 'items[].total'.")
  var path: String?

  @Option(help: "In which way it differs: value, type, presence, order or format.")
  var kind = Kind.value

  @Option(help: "Why; it is kept.")
  var reason: String?

  @Option(help: "Who says so; the name of the user of this machine when not given.")
  var actor: String?

  @Flag(help: "It is likely or real, and the difference is meant.")
  var despiteEvidence = false

  @Flag(help: "Take an approval back.")
  var revoke = false

  @Flag(help: "List the approvals in force.")
  var list = false

  /// Longest text of a reason, and of a name; reports cut names to less.
  private static let longestText = 600

  func validate() throws {
    if list { return }
    for (name, value) in [("--endpoint", endpoint), ("--path", path), ("--reason", reason)] {
      guard let value, !value.isEmpty else { throw ValidationError("\(name): missing") }
      guard value.utf8.count <= Self.longestText else {
        throw ValidationError("\(name): longer than \(Self.longestText) bytes")
      }
    }
  }

  func run() async throws {
    let store = try list ? evidence.reading() : evidence.open()
    if list { return Terminal.standardOutput.write(Self.text(try await store.approvals())) }
    guard let endpoint, let path, let reason else { return }
    let actor = actor ?? ProcessInfo.processInfo.userName
    let pathKind = PathKind(path: ResponsePath(path), kind: kind.kind)
    let subject = "\(path) (\(kind.rawValue)) of \(endpoint)"
    if revoke {
      let outcome = try await store.revoke(
        pathKind, endpoint: endpoint, actor: actor, reason: reason, at: UnixTime.milliseconds())
      guard outcome == .done else {
        throw CommandFailure.negative("nobody approved \(subject); --list shows what is approved")
      }
      return Terminal.standardOutput.write("\(subject) counts again\n")
    }
    guard let found = try await store.evidence(of: pathKind, endpoint: endpoint) else {
      throw CommandFailure.unusable(
        "\(subject) was never seen to differ; write endpoint and path as the report has them")
    }
    if found.label <= .likely, !despiteEvidence {
      throw CommandFailure.negative(
        "\(subject) is \(found.label.rawValue), no noise: the extracted side was the odd one "
          + "\(found.extractedOdd) times, legacy \(found.legacyOdd) times. No gate would see it any "
          + "more; --despite-evidence says that this is meant")
    }
    let outcome = try await store.approve(
      NoiseApproval(
        endpoint: endpoint, pathKind: pathKind, actor: actor, reason: reason,
        approvedAt: UnixTime.milliseconds()))
    guard outcome == .done else {
      throw CommandFailure.negative("\(subject) is approved already; --list shows by whom")
    }
    Terminal.standardOutput.write("\(subject) is noise, says \(actor)\n")
  }

  private static func text(_ approvals: [NoiseApproval]) -> String {
    if approvals.isEmpty { return "nothing is approved\n" }
    return approvals.map { approval in
      "\(approval.endpoint)  \(approval.pathKind.path) (\(approval.pathKind.kind.rawValue))  "
        + "\(approval.actor), \(UnixTime.text(approval.approvedAt)): \(approval.reason)\n"
    }.joined()
  }
}
