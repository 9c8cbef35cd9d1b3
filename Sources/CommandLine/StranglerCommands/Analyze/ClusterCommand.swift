// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ArgumentParser
internal import DependencyGraph

struct ClusterCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case rsf, json
  }

  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Divide a dependency graph of any language.",
    discussion: """
      Reads lines of `depends FROM TO [weight]`, or `accesses FUNCTION ITEM [weight]`
      where functions only tell which items belong together, and writes `contain
      CLUSTER ITEM` lines. The result is what many runs with noise agree on; the same
      graph gives the same bytes, in whatever order its lines stand and for any
      number of processors.

      A file of constraints holds lines of `together A B ...`, `apart A B`, `pin A
      CLUSTER`, `forbid A B` (no link from A to B may cross a border) and `size LEAST
      MOST` (MOST may be `-`; a cluster without any link to others may stay below
      LEAST).

      EXAMPLES
        strangler analyze cluster --graph graph.rsf --output services.rsf
        strangler analyze cluster --graph graph.rsf --services 6 --format json
        strangler analyze cluster --graph graph.rsf --anchor last-week.rsf \\
          --output services.rsf
        strangler analyze cluster --graph graph.rsf --truth experts.rsf
        strangler analyze cluster --graph graph.rsf --objective metrics \\
          --output services.rsf
        strangler analyze graph ~/code/monolith | strangler analyze cluster --graph -

      EXIT CODES
        0  done
        1  the constraints contradict themselves; the smallest such set is named
        2  a file or an option cannot be used
      """)

  @Option(help: "File of `depends` or `accesses` lines; - for standard input.")
  var graph: String

  @Option(help: "Column of the weights, 4 to 64; the fourth where there is one when not given.")
  var weights: Int?

  @Option(help: "Number of clusters; found from the graph when not given.")
  var services: Int?

  @Option(help: "Above 1 for more and smaller clusters, below for fewer.")
  var resolution = 1.0

  @Option(help: "File of constraints.")
  var constraints: String?

  @Option(help: "consensus, or for comparison leiden, label-propagation, infomap.")
  var algorithm = ClusteringAlgorithm.consensus

  @Option(
    help: """
      agreement, or metrics: items then move until structural modularity, ICP, IFN and NED (fse) \
      rise no more; good in tables of these, not for architects.
      """)
  var objective = ItemClusterer.Objective.agreement

  @Option(help: "A stored division that the new one should not leave without a reason.")
  var anchor: String?

  @Option(help: "A known division; how close each algorithm comes goes to standard error.")
  var truth: String?

  @Option(
    help: """
      rsf (`contain` lines) or json (with the confidence of each item: \
      fixtures/schemas/clustering.schema.json).
      """)
  var format = Format.rsf

  @OptionGroup var output: OutputOption

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if let services, !(1...10_000).contains(services) {
      throw ValidationError("--services: expected 1 to 10000, found \(services)")
    }
    if let weights, !(4...64).contains(weights) {
      throw ValidationError("--weights: expected a column from 4 to 64, found \(weights)")
    }
    try InputFile.checkStandardInput([graph, anchor, constraints, truth])
    guard resolution.isFinite, (0.01...100).contains(resolution) else {
      throw ValidationError("--resolution: expected 0.01 to 100, found \(resolution)")
    }
    if algorithm != .consensus, services != nil || constraints != nil || anchor != nil {
      throw ValidationError(
        "--services, --constraints and --anchor: only --algorithm consensus heeds them")
    }
    if objective == .metrics, algorithm != .consensus || constraints != nil {
      throw ValidationError(
        "--objective metrics: needs --algorithm consensus and takes no --constraints")
    }
  }

  func run() throws {
    let line = ProgressLine(quiet: quiet)
    defer { line.clear() }
    let graph = try line.working("reading the graph") {
      try InputFile.graph(self.graph, weights: weights)
    }
    if objective == .metrics, graph.isWitness.contains(true) {
      throw CommandFailure.unusable(
        "\(self.graph): --objective metrics needs `depends` lines alone, found `accesses`")
    }
    let stored = try anchor.map(InputFile.clustering)
    let truth = try truth.map(InputFile.clustering)
    let (rules, pins, leastItems) = try readConstraints(graph)
    let workers = Workers.threads(nil, line)
    let clustering: ItemClustering
    if algorithm == .consensus {
      var parameters = ClusteringParameters()
      parameters.resolution = resolution
      if let leastItems { parameters.leastItems = max(parameters.leastItems, leastItems) }
      clustering = ItemClusterer(
        parameters: parameters, workers: workers, objective: objective
      )
      .cluster(graph, services: services, anchor: stored, rules: rules)
    } else {
      clustering = algorithm.cluster(graph, resolution: resolution)
    }
    if let truth { try compare(graph, truth, clustering, workers, line) }
    line.clear()
    if let services, clustering.clusterCount != services {
      Terminal.standardError.write(
        "--services \(services): the graph gives \(counted(clustering.clusterCount, "cluster")) of "
          + "\(counted(clustering.members.count, "item"))\n")
    }
    let names = (stored ?? [:]).merging(pins) { $1 }
    let report = ClusteringReport(
      clustering, algorithm: algorithm, objective: objective, names: names)
    try output.deliver(format == .rsf ? report.rsf : report.json)
  }

  private func readConstraints(
    _ graph: ItemGraph
  ) throws -> (ClusterRules, pins: [String: String], leastItems: Int?) {
    guard let path = constraints else { return (ClusterRules(), [:], nil) }
    let constraints = try InputFile.parse(path) { text throws(LineError) in
      try ClusterConstraints(text, graph)
    }
    do throws(ClusterConstraints.Conflict) {
      return (try constraints.rules(graph), constraints.pins, constraints.leastItems)
    } catch {
      let lines = error.lines.map(String.init).joined(separator: ", ")
      throw CommandFailure.negative(
        "\(path): these lines cannot all hold: \(lines); \(error.reason)")
    }
  }

  private func compare(
    _ graph: ItemGraph, _ truth: [String: String], _ own: ItemClustering, _ workers: Workers,
    _ line: ProgressLine
  ) throws {
    for candidate in ClusteringAlgorithm.allCases {
      let clustering =
        candidate == algorithm ? own : candidate.cluster(graph, workers: workers)
      let clusters = Dictionary(
        uniqueKeysWithValues: clustering.members.map { ($0.name, "\($0.cluster)") })
      guard let values = MetricLaboratory(graph, clusters).agreement(with: truth) else {
        throw CommandFailure.unusable("the graph and the known division share no item")
      }
      let scores = values.filter { ["mojofm", "ari"].contains($0.metric) }
        .map { "\($0.metric) \(decimal($0.value))" }.joined(separator: ", ")
      line.clear()
      Terminal.standardError.write(
        "\(candidate.rawValue): \(scores), \(clustering.clusterCount) clusters\n")
    }
  }
}

extension ClusteringAlgorithm: ExpressibleByArgument {}
extension ItemClusterer.Objective: ExpressibleByArgument {}
