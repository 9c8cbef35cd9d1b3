// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ShadowComparison
internal import ShadowEvidenceStore

struct ShadowDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show one kept pair of answers, line by line.",
    discussion: """
      Reports name the pairs of each path by number. What the rules redact was never kept.

      EXAMPLES
        strangler shadow diff 3
        strangler shadow diff 3 --format html --output pair.html
      """)

  @Argument(help: "Number of the pair.")
  var pair: Int64

  @OptionGroup var evidence: EvidenceOption

  @Option(help: "text, json or html.")
  var format = ShadowFormat.text

  @OptionGroup var output: OutputOption

  func run() async throws {
    guard let found = try await evidence.reading().pair(pair) else {
      throw CommandFailure.unusable(
        "there is no pair \(pair) in \(evidence.file), or not any more; reports name those there are"
      )
    }
    switch format {
    case .text: try output.deliver(found.text(number: pair))
    case .json: try output.deliver(found.json(number: pair))
    case .html: try output.deliver(found.html(number: pair))
    }
  }
}
