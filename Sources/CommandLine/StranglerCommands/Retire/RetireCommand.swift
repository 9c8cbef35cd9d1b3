// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph
internal import Foundation
internal import RoutingDecisions

struct RetireCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Say which code of the monolith is dead once a service has taken over.",
    discussion: """
      From the sources: what nothing needs any more when the service's routes and jobs are gone, and
      of the rest who needs it, with file and line. From the traffic: whether the service has
      answered all users of each route for long enough, by the journal of cutovers, and when legacy
      last answered a request, by the access log of the proxy. Code of a route that is not the
      service's alone yet waits.

      It deletes nothing. With --baseline, which strangler analyze check has written before the
      first extraction, the service's borders stay the same while code goes.

      EXAMPLES
        strangler retire orders --sources ~/code/monolith --live --access-log access.jsonl
        strangler retire orders --sources . --baseline boundaries.json --journal journal.sqlite
        strangler retire orders --sources . --quiet-days 30 --format json --output orders.json

      EXIT CODES
        0  all of the service's code may go, or it is gone
        1  a route is not the service's alone for long enough, or what stays needs some of it
        2  no such service, or a file, a folder or an option that cannot be used

      The JSON's schema is fixtures/schemas/retirement.schema.json.
      """)

  @OptionGroup var admin: AdminOption
  @OptionGroup var journal: JournalOption

  @Argument(help: "The service, by its name in the analysis or in the baseline.")
  var service: String

  @Option(help: ArgumentHelp("Folder of the monolith's sources.", valueName: "folder"))
  var sources: String

  @Option(
    help: ArgumentHelp(
      "Borders that were written before the first extraction, by strangler analyze check.",
      valueName: "file"))
  var baseline: String?

  @Flag(help: "Asks the proxy that proxy.admin of the configuration names.")
  var live = false

  @Option(
    name: .customLong("access-log"),
    help: ArgumentHelp(
      "Access log of the proxy, rotated ones too; repeatable. It must not be sampled.",
      valueName: "file"))
  var accessLogs: [String] = []

  @Option(help: "Days for which the service must have answered all users of a route.")
  var quietDays = 7.0

  @Flag(help: "Also read test files, and name those that go.")
  var includeTests = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @OptionGroup var evidence: EvidenceOptions
  @OptionGroup var output: OutputOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    guard quietDays.isFinite, (0...3_650).contains(quietDays) else {
      throw ValidationError("--quiet-days: expected 0 to 3650, found \(quietDays)")
    }
    for file in [baseline].compactMap(\.self) + accessLogs {
      if let answer = output.file, OutputOption.isSame(answer, file) {
        throw ValidationError("--output: \(file) is read; the report would replace it")
      }
    }
  }

  func run() async throws {
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    let file = try StatusFile(admin.file)
    let code = RetiringCode(
      folder: sources, settings: file.analysis, includesTests: includeTests, evidence: evidence)
    let scope = try code.scope(service, baseline: baseline, line)
    let asked = live || admin.address != nil
    let routes = try await AnsweredRoutes.look(file, asked ? admin : nil, journal, accessLogs)
    line.clear()
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let plan = scope.plan(
      scope.routes.map { routes.standing(of: $0.method, $0.path) },
      QuietTime(days: quietDays, now: now))
    let report = RetirementReport(width: output.width, style: output.style)
    try output.deliver(format == .json ? report.json(plan) : report.text(plan))
    if !plan.isReady { throw CommandFailure.negative(report.sentence(plan)) }
  }
}
