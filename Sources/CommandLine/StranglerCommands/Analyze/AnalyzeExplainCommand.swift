// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why a type belongs to its service: evidence for and against, and how close.",
    discussion: """
      TYPE is a name as in the report, with the module before it where two modules
      have one. JSON follows fixtures/schemas/explanation.schema.json.

      EXAMPLES
        strangler analyze explain ~/code/monolith OrderService
        strangler analyze explain ~/code/monolith Shop.Order.Line --format json

      EXIT CODES
        0  done
        2  no type has that name, several have it, or the folder or an option cannot
           be used
      """)

  @OptionGroup var sources: ScanArguments

  @Argument(help: "Type to explain.")
  var type: String

  @OptionGroup var services: ServiceCountOption
  @OptionGroup var output: OutputOption

  @Option(help: "text or json.")
  var format = AnswerFormat.text

  func run() throws {
    let study = try sources.study(services: services.count)
    let explanation = try CommandFailure.answering { () throws(StudyQuestionError) in
      try study.explanation(of: type)
    }
    let report = ExplanationReport(width: output.width, style: output.style)
    try output.deliver(format == .json ? report.json(explanation) : report.text(explanation))
  }
}

/// Formats of answers to questions about an analysis.
enum AnswerFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json
}

extension CommandFailure {
  /// Turns a question that has no answer into a failure that says what was probably meant.
  static func answering<Answer>(
    _ body: () throws(StudyQuestionError) -> Answer
  ) throws(CommandFailure) -> Answer {
    do {
      return try body()
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }
}
