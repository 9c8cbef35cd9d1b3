// SPDX-License-Identifier: Apache-2.0

/// From what was read to a suggestion. The result depends on the facts and options alone: not on
/// the order of the model's lists, the process, or the machine.
public struct BoundaryAnalysis: Sendable {
  private let options: AnalysisOptions
  private let workers: Workers

  /// Creates an analysis that runs on the calling thread.
  public init(options: AnalysisOptions = AnalysisOptions()) {
    self.init(options: options, workers: .serial)
  }

  /// Creates an analysis whose runs are spread over workers, which changes nothing of the answer.
  package init(options: AnalysisOptions = AnalysisOptions(), workers: Workers) {
    self.options = options
    self.workers = workers
  }

  /// Divides the code and tells what the borders cost. Never fails: a model that holds no type
  /// gives the verdict not to split.
  public func suggest(_ model: CodeModel) -> BoundarySuggestion { study(model).suggestion }

  /// The same with all that it was concluded from, for questions about single types and moves.
  package func study(_ model: CodeModel) -> BoundaryStudy {
    let code = PreparedCode(model.canonical(), options, workers)
    let (model, facts) = (code.model, code.facts)
    let division =
      code.isDivided ? ServiceDivision(code, options, workers) : ServiceDivision(whole: facts)
    let folders = FolderLikeness(code, division, options, workers)
    let assignment = ServiceAssignment(model, facts, division)
    let crossings = BorderCrossings(model, assignment)
    let descriptions = ServiceDescriptions(model, facts, division, assignment, crossings)
    let quality = descriptions.quality(options, folders)
    let names = descriptions.names
    let unready = PrematureSplits.all(
      descriptions.context, descriptions.inOrder, runs: quality.runs)
    let remainder = Remainder(
      code, division, assignment, as: descriptions.remainder, names: names)
    let pieces = descriptions.inOrder + [descriptions.remainder].compactMap(\.self)
    let verdict = Verdict.judge(
      quality, units: division.includedCount, served: code.served,
      serving: pieces.count { !$0.routes.isEmpty || !$0.jobs.isEmpty },
      unready: unready.count, core: remainder?.core,
      ring: DistributedMonoliths.callsAmongAll(descriptions.context),
      people: model.history?.mostChanges)
    let cuts = crossings.cuts(model, names: names)
    let suggestion = BoundarySuggestion(
      verdict: verdict,
      services: EffortEstimate(model, facts.units, assignment, cuts, names: names)
        .filled(descriptions.inOrder),
      sharedKernel: division.names(of: .sharedKernel, model, facts),
      compositionRoots: division.names(of: .compositionRoot, model, facts),
      remainder: remainder,
      modules: CodeModule.all(code, division, assignment, names: names), cuts: cuts,
      findings: Pitfalls.all(
        descriptions.context, services: descriptions.inOrder, unready: unready,
        core: remainder?.core, decision: verdict.decision, asked: options.services),
      quality: quality,
      coverage: Coverage(model), doubts: Doubts(),
      filesOfNoService: descriptions.filesOfNoService(model),
      routesOfNoService: descriptions.routesOfNoService(model))
    var study = BoundaryStudy(
      model: model, suggestion: suggestion, names: names, facts: facts, roles: division.roles,
      assignment: assignment, crossings: crossings, weights: options.weights)
    study.suggestion.doubts = study.doubts(cuts)
    return study
  }
}

extension Coverage {
  /// Findings of files of which nothing, or not everything, was read.
  private static let leavingOut: Set<String> = [
    "unreadable-file", "file-too-large", "nesting-too-deep",
  ]

  init(_ model: CodeModel) {
    var tiers: [Reference.Tier: Int] = [:]
    for reference in model.references { tiers[reference.tier, default: 0] += 1 }
    self.init(
      files: model.files.count,
      lines: model.files.reduce(0) { $0 + $1.lines },
      types: model.types.count { $0.kind != .fileScope && $0.kind != .member },
      parseFailures: model.findings.count { $0.id == "parse-failure" },
      leftOut: Set(
        model.findings.filter { Self.leavingOut.contains($0.id) }.flatMap(\.locations).map(\.file)
      ).count,
      tiers: [Reference.Tier.syntax, .compilerIndex, .buildIndex].compactMap { tier in
        tiers[tier].map { Tier(name: tier, references: $0) }
      })
  }
}

extension CodeModel {
  package func location(_ position: SourcePosition) -> Location {
    Location(
      file: files[Int(position.file.index)].path, line: Int(position.line),
      column: Int(position.column))
  }

  func type(_ id: TypeID) -> TypeDeclaration { types[Int(id.index)] }

  /// Qualified name; for top-level functions the file's path.
  package func displayName(_ id: TypeID) -> String {
    let type = type(id)
    return type.kind == .fileScope
      ? files[Int(type.position.file.index)].path : type.qualifiedName
  }
}
