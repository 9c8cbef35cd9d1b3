// SPDX-License-Identifier: Apache-2.0

/// From what was read to a suggestion. The result depends on the facts and options alone: not on
/// the order of the model's lists, the process, or the machine.
public struct BoundaryAnalysis: Sendable {
  private let options: AnalysisOptions

  /// Creates an analysis.
  public init(options: AnalysisOptions = AnalysisOptions()) { self.options = options }

  /// Divides the code and tells what the borders cost. Never fails: a model that holds no type
  /// gives the verdict not to split.
  public func suggest(_ model: CodeModel) -> BoundarySuggestion {
    let model = model.canonical()
    let facts = UnitFacts(model)
    let division = ServiceDivision(model, facts, options)
    let assignment = ServiceAssignment(model, facts, division)
    let crossings = BorderCrossings(model, assignment)
    let services = ServiceDescriptions(model, facts, division, assignment, crossings)
    let quality = services.quality(options)
    return BoundarySuggestion(
      verdict: Verdict.judge(
        quality, units: division.includedCount,
        interfaces: model.routes.count + model.tableUses.count),
      services: services.inOrder,
      sharedKernel: division.names(of: .sharedKernel, model, facts),
      compositionRoots: division.names(of: .compositionRoot, model, facts),
      cuts: crossings.cuts(model, names: services.names),
      findings: Pitfalls.all(model, assignment, crossings, names: services.names),
      quality: quality,
      coverage: Coverage(model))
  }
}

extension Coverage {
  init(_ model: CodeModel) {
    var tiers: [Reference.Tier: Int] = [:]
    for reference in model.references { tiers[reference.tier, default: 0] += 1 }
    self.init(
      files: model.files.count,
      lines: model.files.reduce(0) { $0 + $1.lines },
      types: model.types.count { $0.kind != .fileScope },
      parseFailures: model.findings.count { $0.id == "parse-failure" },
      tiers: [Reference.Tier.syntax, .compilerIndex, .buildIndex].compactMap { tier in
        tiers[tier].map { Tier(name: tier, references: $0) }
      })
  }
}

extension CodeModel {
  func location(_ position: SourcePosition) -> Location {
    Location(
      file: files[Int(position.file.index)].path, line: Int(position.line),
      column: Int(position.column))
  }

  func type(_ id: TypeID) -> TypeDeclaration { types[Int(id.index)] }

  /// Qualified name; for top-level functions the file's path.
  func displayName(_ id: TypeID) -> String {
    let type = type(id)
    return type.kind == .fileScope
      ? files[Int(type.position.file.index)].path : type.qualifiedName
  }
}
