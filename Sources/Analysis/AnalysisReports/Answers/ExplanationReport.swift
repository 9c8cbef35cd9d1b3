// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph
import DisplayWidths

/// Renders why a type is where it is.
package struct ExplanationReport: Sendable {
  /// Columns to fill.
  package var width: Int
  /// Emphasis.
  package var style: TextStyle

  /// Ties listed for the service a type is in, and for the strongest other one.
  private static let listed = 5
  /// Services listed with their shares.
  private static let services = 5
  /// Margin, as a share, below which the placement could as well be another.
  private static let leastMargin = 0.15

  /// Creates a renderer.
  package init(width: Int = 100, style: TextStyle = .plain) {
    self.width = width
    self.style = style
  }

  /// Sentences with numbers and places; ends with a line break.
  package func text(_ explanation: PlacementExplanation) -> String {
    let place = "\(explanation.module), \(explanation.location.text)"
    let fits = DisplayWidth.columns(of: explanation.type + place) + 2 <= width
    var lines =
      fits
      ? [style.strong(explanation.type) + "  " + style.dim(place)]
      : [style.strong(explanation.type), style.dim("  " + place)]
    lines += wrapped(verdict(explanation), width: width)
    if !explanation.nested.isEmpty {
      lines += wrapped(
        "It moves together with " + explanation.nested.joined(separator: ", ") + ".",
        width: width)
    }
    if let own = explanation.own {
      lines += ["", style.strong("For \(own.service) (\(percent(own.share)))")] + ties(own)
    }
    let others = explanation.pulls.filter {
      $0.service != explanation.own?.service && $0.share > 0
    }
    if let runnerUp = others.first {
      let title = explanation.own == nil ? "Strongest user or used" : "Against"
      lines +=
        ["", style.strong("\(title): \(runnerUp.service) (\(percent(runnerUp.share)))")]
        + ties(runnerUp)
    }
    if others.count > 1 {
      let rest = others.dropFirst().prefix(Self.services).map {
        "\($0.service) \(percent($0.share))"
      }
      lines += [""] + wrapped("Further: " + rest.joined(separator: ", ") + ".", width: width)
    }
    return TerminalText.document(lines, style)
  }

  private func verdict(_ explanation: PlacementExplanation) -> String {
    ([placement(explanation)] + doubt(explanation)).joined(separator: " ")
  }

  /// How many of the references behind it are sure.
  private func doubt(_ explanation: PlacementExplanation) -> [String] {
    let all = explanation.pulls.reduce(0) { $0 + $1.references }
    guard explanation.syntactic > 0 else { return [] }
    let guesses = explanation.byNameAlone
    var text = "\(explanation.syntactic) of \(counted(all, "reference")) "
    text += explanation.syntactic == 1 ? "is" : "are"
    text += " read from syntax alone"
    if !guesses.isEmpty {
      text +=
        ", \(guesses.count) by a member's name alone "
        + "(\(DoubtSentences.listed(guesses.map(\.text), most: 2)))"
    }
    return [text + "."]
  }

  private func placement(_ explanation: PlacementExplanation) -> String {
    switch explanation.placement {
    case .sharedKernel:
      return "Shared kernel: \(counted(explanation.users, "service")) "
        + "\(explanation.users == 1 ? "uses" : "use") it and it uses no "
        + "area of its own, so it becomes a library."
    case .module:
      return "It serves nothing: it is part of a module that services are built from."
    case .compositionRoot:
      return "Composition root: \(root(explanation.cause)), so each service gets its own."
    case .service(let name):
      return remains(explanation).map { "\(name), no service: \($0)." }
        ?? placed(in: name, explanation)
    }
  }

  private func root(_ cause: PlacementCause) -> String {
    switch cause {
    case .operatorsOnly: "it answers only whoever operates the process"
    case .tables(let services): "it makes the tables of \(counted(services, "service"))"
    case .wiring(let services):
      "it wires \(counted(services, "service")) together and hardly anyone uses it"
    default: "only what wires the services together uses it"
    }
  }

  /// Why it stays with the monolith; nil for what does not.
  private func remains(_ explanation: PlacementExplanation) -> String? {
    switch explanation.cause {
    case .takenApart(let moving, let members):
      "most areas go through it, so it is taken apart: \(moving) of its "
        + "\(counted(members, "member")) move to services, what is left stays"
    case .heldForMany(let type):
      "\(type) holds it for many services, so it stays, and each service makes an instance of its "
        + "own"
    case .core:
      "the border of its area does not hold, so it stays with the piece that no border divides"
    case .log:
      "it is part of a log that nearly everyone writes into and whose tables nothing else touches, "
        + "so no area owns it: each service gets a log of its own"
    default: nil
    }
  }

  private func placed(in name: String, _ explanation: PlacementExplanation) -> String {
    var sentences: [String] = []
    guard let own = explanation.own else {
      sentences.append(
        "\(name): nothing in the sources ties it there; its folder and its words do.")
      return (sentences + stability(explanation)).joined(separator: " ")
    }
    sentences.append(
      "\(name): \(percent(own.share)) of its ties lead there (\(amount(own))).")
    if let runnerUp = explanation.runnerUp {
      let points = Int((abs(explanation.margin) * 100).rounded())
      if explanation.margin < 0 {
        sentences.append(
          "\(runnerUp.service) pulls more, by \(points) points (\(amount(runnerUp))): what it "
            + "stands among keeps it here, so ask whether it should move.")
      } else {
        sentences.append(
          "The runner-up is \(runnerUp.service) with \(percent(runnerUp.share)), "
            + "\(points) points less"
            + (explanation.margin < Self.leastMargin ? ": a close call." : "."))
      }
    } else {
      sentences.append("No other service is tied to it.")
    }
    return (sentences + stability(explanation)).joined(separator: " ")
  }

  private func stability(_ explanation: PlacementExplanation) -> [String] {
    guard let stability = explanation.stability else { return [] }
    return [
      explanation.runs == 0
        ? "Nothing was divided, so no run with noise tells how sure that is."
        : "It keeps its place in \(keptRuns(stability, of: explanation.runs)) with noise."
    ]
  }

  private func amount(_ pull: PlacementExplanation.Pull) -> String {
    let references = counted(pull.references, "reference")
    return pull.tableUses == 0
      ? references : references + ", \(counted(pull.tableUses, "use")) of its tables"
  }

  private func ties(_ pull: PlacementExplanation.Pull) -> [String] {
    var table = TextTable([
      .init("tie", isFlexible: true), .init("how", isFlexible: true),
      .init("first place", isFlexible: true, keepsEnd: true),
    ])
    for tie in pull.evidence.prefix(Self.listed) {
      table.rows.append([
        (tie.isInbound ? "used by " : "uses ") + tie.name,
        tie.kinds.map { "\($0.count) \($0.name)" }.joined(separator: ", "), tie.location.text,
      ])
    }
    return table.lines(width: width - 2, style: style).map { "  " + $0 }
  }

  /// The same as a JSON document with the schema `strangler.explanation/1`.
  package func json(_ explanation: PlacementExplanation) -> String {
    JSONValue.object([
      ("schema", .string("strangler.explanation/1")),
      ("type", .string(explanation.type)), ("module", .string(explanation.module)),
      ("location", .object(explanation.location.members)),
      ("nested", .strings(explanation.nested)),
      ("placement", .string(explanation.placement.name)),
      ("stability", explanation.stability.map { .number($0) } ?? .null),
      ("runnerUp", explanation.runnerUp.map { .string($0.service) } ?? .null),
      ("margin", .number(explanation.margin)),
      ("sentence", .string(verdict(explanation))),
      ("syntactic", .integer(explanation.syntactic)),
      ("byNameAlone", .array(explanation.byNameAlone.map { .object($0.members) })),
      ("pulls", .array(explanation.pulls.map(pull))),
    ]).text
  }

  private func pull(_ pull: PlacementExplanation.Pull) -> JSONValue {
    .object([
      ("service", .string(pull.service)), ("share", .number(pull.share)),
      ("references", .integer(pull.references)), ("tableUses", .integer(pull.tableUses)),
      (
        "evidence",
        .array(
          pull.evidence.map { tie in
            .object(
              [
                ("name", .string(tie.name)), ("inbound", .boolean(tie.isInbound)),
                (
                  "kinds", .object(tie.kinds.map { ($0.name, .integer($0.count)) })
                ),
                ("weight", .number(tie.weight)),
              ] + tie.location.members)
          })
      ),
    ])
  }
}
