// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct AnalyzeWhatIfCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "what-if",
    abstract: "Say what moving types and merging services would change.",
    discussion: """
      Moves are made before merges, each in the order given. Nothing is divided
      again, so the numbers tell about these moves alone. Only values move into the
      shared kernel: no data, no routes, nothing that they need outside of it. JSON
      follows fixtures/schemas/what-if.schema.json.

      EXAMPLES
        strangler analyze what-if ~/code/monolith --move StockLevel:orders
        strangler analyze what-if ~/code/monolith --move Money:shared-kernel \\
          --merge carts,orders

      EXIT CODES
        0  done, whether the change is for the better or not
        2  a type or a service is unknown or must not move, or the folder or an
           option is of no use
      """)

  @OptionGroup var sources: ScanArguments

  @Option(help: "TYPE:SERVICE; the service may be shared-kernel. May be repeated.")
  var move: [String] = []

  @Option(
    help: "A,B: services that become one, named A; the monolith keeps its name. May be repeated.")
  var merge: [String] = []

  @OptionGroup var services: ServiceCountOption
  @OptionGroup var output: OutputOption

  @Option(help: "text or json.")
  var format = AnswerFormat.text

  func validate() throws {
    if move.isEmpty, merge.isEmpty { throw ValidationError("give --move or --merge") }
    _ = try question()
  }

  func run() throws {
    let question = try question()
    let study = try sources.study(services: services.count)
    let answer = try sources.working("moving") {
      try CommandFailure.answering { () throws(StudyQuestionError) in
        try study.answer(to: question)
      }
    }
    let report = WhatIfReport(width: output.width, style: output.style)
    try output.deliver(format == .json ? report.json(answer) : report.text(answer))
  }

  private func question() throws -> WhatIf {
    var question = WhatIf()
    for text in move {
      guard let colon = text.lastIndex(of: ":"), colon != text.startIndex,
        text.index(after: colon) != text.endIndex
      else { throw ValidationError("--move: expected TYPE:SERVICE, found \(text)") }
      question.moves.append(
        WhatIf.Move(
          type: String(text[..<colon]), service: String(text[text.index(after: colon)...])))
    }
    for text in merge {
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard names.count > 1, !names.contains("") else {
        throw ValidationError("--merge: expected A,B, found \(text)")
      }
      question.merges.append(names)
    }
    return question
  }
}
