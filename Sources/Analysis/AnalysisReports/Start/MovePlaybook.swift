// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders the steps from a suggestion to services that answer, as Markdown with the commands to
/// run: one chapter a service, in the order of extraction.
public struct MovePlaybook: Sendable {
  /// Folder that was analysed, as the commands should name it.
  private let sources: String
  /// Route configuration that belongs to the playbook.
  private let configuration: String
  private let routes: RouteConfiguration

  /// Places named in each chapter; the JSON report has all.
  private static let placesNamed = 10

  /// Creates a renderer.
  public init(sources: String, configuration: String, routes: RouteConfiguration) {
    self.sources = sources
    self.configuration = configuration
    self.routes = routes
  }

  /// Markdown; ends with a line break.
  ///
  /// - Parameter leftOut: names of routes that the configuration could not take.
  public func render(
    _ suggestion: BoundarySuggestion, leavingOut leftOut: Set<String> = []
  ) -> String {
    let title = ["# From monolith to services", "", suggestion.verdict.reason, ""]
    guard !suggestion.isWhole else {
      return TerminalText.document(
        title + [
          "There is nothing to move, so there is no chapter: the configuration sends everything to "
            + "the monolith. Ask again when the code has changed."
        ], .plain)
    }
    var lines =
      title + [
        "This follows the suggestion of `strangler analyze`. Names and shapes are all that it knows: "
          + "check each step with the people who own the code.", "",
        "## Before the first service", "", "```sh",
        "strangler analyze \(shell(sources)) --format html --output boundaries.html",
        "strangler analyze check \(shell(sources)) --write-baseline boundaries.json",
        "strangler routes validate --config \(shell(configuration))",
        "strangler proxy --config \(shell(configuration))", "```", "",
        "The baseline goes into version control; `strangler analyze check \(shell(sources)) "
          + "--baseline boundaries.json` in CI keeps new references from crossing the borders. The proxy stands "
          + "in front of the monolith at \(routes.legacyHost):\(routes.legacyPort) and changes "
          + "nothing yet: every route is at 0 %.",
      ]
    let plans = Dictionary(
      routes.plans(suggestion).map { ($0.service.name, $0) }, uniquingKeysWith: { $1 })
    let cuts = CutsByService(suggestion.cuts)
    for service in suggestion.services {
      var plan = plans[service.name]
      plan?.routes.removeAll { leftOut.contains($0.name) }
      lines += [""] + chapter(service, plan, suggestion, cuts[service.name])
    }
    return TerminalText.document(lines, .plain)
  }

  private func chapter(
    _ service: Service, _ plan: RouteConfiguration.Plan?, _ suggestion: BoundarySuggestion,
    _ cuts: [Cut]
  ) -> [String] {
    let sentences = ServiceSentences(service, suggestion, cuts)
    var lines = [
      "## \(service.order). \(service.name)", "",
      "Why here: \(service.reason). Sure: \(sentences.confidence)", "",
      "1. Free it inside the monolith: \(sentences.price)",
    ]
    if !sentences.shortcut.isEmpty { lines.append("   Cheapest: \(sentences.shortcut)") }
    lines += cuts.prefix(Self.placesNamed).map {
      "   - `\($0.location.text)`: \($0.fromType) uses \($0.symbol); replace it by "
        + "\($0.seam.phrase)"
    }
    let rest = cuts.count - Self.placesNamed
    if rest > 0 { lines.append("   - and \(counted(rest, "more place")) in the report") }
    lines.append("2. Data: \(data(service))")
    guard let plan, !plan.routes.isEmpty else {
      let answers = service.routes.isEmpty ? "no route" : "no route that the proxy can tell apart"
      lines += [
        "3. It answers \(answers), so the proxy cannot move it: call it from the monolith behind a "
          + "switch of your own, or keep it there."
      ]
      return lines
    }
    lines += [
      "3. Build it and let it answer at \(plan.endpoint).",
      "4. Compare before anybody sees it: the page about shadows, `playbooks/03-first-shadow.md`.",
      "5. Move a few users, look, and move more:", "", "   ```sh",
      "   strangler routes list --config \(shell(configuration))",
    ]
    lines += plan.routes.map { "   strangler routes set \($0.name) 5 --reason 'first users'" }
    lines += [
      "   ```", "",
      "6. Way back, at any time: the same with 0. To move all of its routes together, step by step "
        + "and watched by gates, write a plan: `playbooks/04-first-cutover.md`.",
    ]
    return lines
  }

  private func data(_ service: Service) -> String {
    let owned = service.tables.owned
    let shared = service.tables.shared
    if owned.isEmpty, shared.isEmpty { return "it uses no table." }
    return
      (owned.isEmpty ? "it owns no table" : "it owns \(owned.joined(separator: ", "))")
      + (shared.isEmpty
        ? "." : "; it uses \(shared.joined(separator: ", ")) of others: ask, or keep a copy.")
  }

  private func shell(_ text: String) -> String { Self.shellArgument(text) }

  /// An argument of a shell: quoted where it is not one by itself.
  public static func shellArgument(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isLetter || $0.isNumber || "/._-~".contains($0) }
    return isPlain && !text.isEmpty
      ? text
      : "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\\''") + "'"
  }
}
