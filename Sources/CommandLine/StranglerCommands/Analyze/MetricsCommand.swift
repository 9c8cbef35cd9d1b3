// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct MetricsCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json
  }

  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Measure a division of a dependency graph by the metrics of the literature.",
    discussion: """
      The same name stands for different formulas in different papers, so each value
      says whose formula it is: fse (FSE 2018), cargo (ASE 2022), rldec, chgnn (IJCAI
      2022). Values of different variants must not be compared. Weights of links are
      numbers of calls.

      mojofm, ari and nmi compare the items that both divisions hold;
      mojofm-of-whole-truth is scaled by all items of the known division, as the
      reference implementation does.

      Without a graph two divisions are compared, of whatever language or source.

      EXAMPLES
        strangler analyze metrics --graph graph.rsf --clustering services.rsf
        strangler analyze metrics --graph graph.rsf --clustering services.rsf \\
          --truth experts.rsf
        strangler analyze metrics --clustering services.rsf --truth experts.rsf
        strangler analyze graph ~/code/monolith |
          strangler analyze metrics --graph - --clustering services.rsf
        strangler analyze metrics --graph calls.rsf --clustering services.rsf \\
          --variant fse \\
          --use-cases use-cases.rsf --format json

      EXIT CODES
        0  done
        2  a file or an option cannot be used
      """)

  @Option(help: "File of `depends` lines; - for standard input. Not needed where --truth is given.")
  var graph: String?

  @Option(help: "Column of the weights, 4 to 64; the fourth where there is one when not given.")
  var weights: Int?

  @Option(help: "File of `contain CLUSTER ITEM` lines; - for standard input.")
  var clustering: String

  @Option(help: "A known division to compare with.")
  var truth: String?

  @Option(help: "Where publications differ, the formulas of this one: fse, cargo, rldec, chgnn.")
  var variant: MetricVariant?

  @Option(help: "File of `accesses USECASE ITEM` lines, for business context purity.")
  var useCases: String?

  @Option(help: "File of `accesses ITEM TABLE` lines, for database transaction purity.")
  var tables: String?

  @Option(help: "The item that starts the program; the variant fse leaves its calls out.")
  var entry: String?

  @Option(help: "text or json (fixtures/schemas/measurements.schema.json).")
  var format = Format.text

  @OptionGroup var output: OutputOption

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if let weights, !(4...64).contains(weights) {
      throw ValidationError("--weights: expected a column from 4 to 64, found \(weights)")
    }
    if graph == nil {
      guard truth != nil else {
        throw ValidationError("--graph or --truth is needed: what the clustering is measured by")
      }
      let ofGraph = [
        ("--weights", weights != nil), ("--variant", variant != nil),
        ("--use-cases", useCases != nil), ("--tables", tables != nil), ("--entry", entry != nil),
      ]
      if let (option, _) = ofGraph.first(where: \.1) {
        throw ValidationError("\(option) is about a graph; give it by --graph")
      }
    }
    try InputFile.checkStandardInput([graph, clustering, truth, useCases, tables])
  }

  func run() throws {
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    let report = try line.working("measuring", measured)
    try output.deliver(format == .text ? report.text : report.json)
  }

  private func measured() throws -> MeasurementReport {
    let clusters = try InputFile.clustering(clustering)
    guard let graph else { return try compared(clusters) }
    var laboratory = MetricLaboratory(try InputFile.graph(graph, weights: weights), clusters)
    guard !laboratory.items.isEmpty else {
      throw CommandFailure.unusable("\(graph) and \(clustering) share no item")
    }
    laboratory.entry = entry
    laboratory.useCases = try useCases.map(InputFile.accesses)?
      .map { (useCase: $0.user, item: $0.used) }
    laboratory.tables = try tables.map(InputFile.accesses)?
      .map { (item: $0.user, table: $0.used) }
    var measurements = laboratory.measurements(variant)
    if let truth {
      guard let agreement = laboratory.agreement(with: try InputFile.clustering(truth)) else {
        throw CommandFailure.unusable("\(clustering) and \(truth) share no item")
      }
      measurements += agreement
    }
    return MeasurementReport(
      measurements, items: laboratory.items.count, services: laboratory.serviceCount,
      leftOut: laboratory.leftOut)
  }
}

extension MetricsCommand {
  /// The clustering beside the known one, without a graph.
  private func compared(_ clusters: [String: String]) throws -> MeasurementReport {
    let truth = try InputFile.clustering(self.truth ?? "")
    guard let agreement = MetricLaboratory.agreement(of: clusters, with: truth) else {
      throw CommandFailure.unusable("\(clustering) and \(self.truth ?? "") share no item")
    }
    let common = clusters.filter { truth[$0.key] != nil }
    return MeasurementReport(
      agreement, items: common.count, services: Set(common.values).count,
      leftOut: truth.count - common.count)
  }
}

extension MetricVariant: ExpressibleByArgument {}
