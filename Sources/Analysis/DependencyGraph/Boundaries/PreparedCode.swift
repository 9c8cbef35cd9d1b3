// SPDX-License-Identifier: Apache-2.0

/// What goes into a division: the code with the types that know everybody taken apart, and what of
/// it can belong to a service.
struct PreparedCode: Sendable {
  /// What was read; types that know everybody are in parts.
  let model: CodeModel
  let facts: UnitFacts
  let served: ServedCode
  /// Units that can belong to a service: those of programs that can be divided, or all where
  /// somebody asks for a division of what serves nothing.
  let isInScope: [Bool]
  /// True where only what serves is divided.
  let isScoped: Bool
  /// Units that are placed behind the division.
  let migrations: Migrations
  /// Whether to divide at all.
  let isDivided: Bool

  /// - Parameter model: in the documented order.
  init(_ model: CodeModel, _ options: AnalysisOptions, _ workers: Workers) {
    let facts = UnitFacts(model)
    let served = ServedCode(model, facts)
    self.served = served
    isScoped = served.isDividable
    isDivided = served.isDividable || options.dividesLibraries || options.services != nil
    guard isDivided else {
      (self.model, self.facts) = (model, facts)
      isInScope = [Bool](repeating: true, count: facts.units.count)
      migrations = Migrations(model, facts, isInScope: isInScope)
      return
    }
    let isIncluded = Self.scope(model, facts, served)
    let isMigration = Migrations(model, facts, isInScope: isIncluded).isMigration
    let isDividable = zip(isIncluded, isMigration).map { $0 && !$1 }
    let areas = ServiceDivision.areas(facts, options, workers, isInScope: isDividable)
    let apart = model.takingApart(
      GodTypeSearch.find(model, facts, areas) { isDividable[$0] })
    if apart.ownerOfPart == model.ownerOfPart {
      (self.model, self.facts) = (model, facts)
      isInScope = isIncluded
    } else {
      self.model = apart
      self.facts = UnitFacts(apart)
      isInScope = Self.scope(apart, self.facts, served)
    }
    migrations = Migrations(self.model, self.facts, isInScope: isInScope)
  }

  /// What of a service is divided: all that can belong to one, but for migrations.
  var isDividable: [Bool] { zip(isInScope, migrations.isMigration).map { $0 && !$1 } }

  private static func scope(
    _ model: CodeModel, _ facts: UnitFacts, _ served: ServedCode
  ) -> [Bool] {
    let modules = served.dividedModules
    return facts.units.units.map { unit in
      let file = model.files[Int(unit.file.index)]
      return !served.isDividable
        || (modules.contains(file.module) && !SourceFile.isTest(file.path))
    }
  }
}
