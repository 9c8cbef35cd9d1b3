// SPDX-License-Identifier: Apache-2.0

/// What each source of evidence does to the division: the division without it, beside those by all
/// evidence and by structure alone.
package struct SignalAblation: Sendable, Equatable {
  /// What a division rests on.
  package enum Basis: Sendable, Equatable {
    case everything
    /// References and structural equivalence, nothing else.
    case structureOnly
    case without(SignalWeights.Signal)

    /// `all`, `structure only` or `without NAME`.
    package var name: String {
      switch self {
      case .everything: "all"
      case .structureOnly: "structure only"
      case .without(let signal): "without \(signal.rawValue)"
      }
    }
  }

  /// One division.
  package struct Row: Sendable, Equatable {
    package var basis: Basis
    package var services: Int
    /// Types that belong to no service.
    package var setApart: Int
    /// Adjusted Rand index with the division by all evidence: 1 where nothing moved.
    package var likeness: Double
    /// Mean adjusted Rand index with the runs.
    package var stability: Double
    package var modularity: Double
    /// Part of the references that cross a border.
    package var crossing: Double
    /// How close it comes to a known division, where one was given.
    package var truth: Agreement?
  }

  /// Closeness to a known division.
  package struct Agreement: Sendable, Equatable {
    package var mojoFM: Double
    package var adjustedRandIndex: Double
  }

  package var rows: [Row]
  /// Sources that hold nothing in this code, so that leaving them out changes nothing.
  package var absent: [SignalWeights.Signal]
  /// Types that the known division names.
  package var compared: Int

  /// - Parameter truth: known area of a type by its qualified name, with or without its module.
  package init(
    _ model: CodeModel, options: AnalysisOptions = AnalysisOptions(), truth: [String: String],
    workers: Workers
  ) {
    var dividing = options
    dividing.dividesLibraries = true
    let study = Study(PreparedCode(model.canonical(), dividing, workers), truth)
    let absent = study.absent
    var bases: [(Basis, SignalWeights)] = [
      (.everything, options.weights), (.structureOnly, .structureOnly),
    ]
    for signal in SignalWeights.Signal.allCases
    where !absent.contains(signal) && options.weights[signal] > 0 {
      var weights = options.weights
      weights[signal] = 0
      bases.append((.without(signal), weights))
    }
    var rows: [Row] = []
    var everything: Partition?
    for (basis, weights) in bases {
      var options = options
      options.weights = weights
      let division = ServiceDivision(study.code, options, workers)
      let partition = study.partition(division, Array(division.service.indices))
      let likeness = everything?.adjustedRandIndex(with: partition)
      rows.append(study.row(basis, division, likeness: likeness))
      if everything == nil { everything = partition }
    }
    self.rows = rows
    self.absent = absent
    compared = study.known.count
  }

  /// Area of each type by the folder that holds its file: what a team has divided by itself.
  package static func folders(of model: CodeModel) -> [String: String] {
    var areas: [String: String] = [:]
    for type in model.types {
      let path = model.files[Int(type.position.file.index)].path
      areas[type.module + "." + type.qualifiedName] =
        path.split(separator: "/").dropLast().joined(separator: "/")
    }
    return areas
  }
}

/// What all divisions of one ablation share.
private struct Study {
  let code: PreparedCode
  var model: CodeModel { code.model }
  var facts: UnitFacts { code.facts }
  /// Units whose area is known, and the areas.
  let known: [Int]
  private let areas: Partition

  init(_ code: PreparedCode, _ truth: [String: String]) {
    self.code = code
    let (model, facts) = (code.model, code.facts)
    var known: [Int] = []
    var labels: [Int32] = []
    var numbers: [String: Int32] = [:]
    for (unit, declared) in facts.units.units.enumerated() {
      let type = model.type(declared.types[0])
      guard
        let area = truth[type.module + "." + type.qualifiedName] ?? truth[type.qualifiedName]
      else { continue }
      let number = numbers[area] ?? Int32(numbers.count)
      numbers[area] = number
      known.append(unit)
      labels.append(number)
    }
    self.known = known
    areas = Partition(labels)
  }

  var absent: [SignalWeights.Signal] {
    SignalWeights.Signal.allCases.filter { signal in
      switch signal {
      case .references, .equivalence: facts.references.isEmpty
      case .tables: facts.tables.isEmpty
      case .routes: facts.routes.isEmpty
      case .folders: facts.folders.isEmpty
      case .names: facts.names.isEmpty
      case .changes: facts.changes.isEmpty
      }
    }
  }

  /// Services of some units; each unit that is set apart stands alone.
  func partition(_ division: ServiceDivision, _ units: [Int]) -> Partition {
    Partition(
      units.map { unit in
        division.service[unit].map(Int32.init) ?? Int32(division.serviceCount + unit)
      })
  }

  func row(
    _ basis: SignalAblation.Basis, _ division: ServiceDivision, likeness: Double?
  ) -> SignalAblation.Row {
    let assignment = ServiceAssignment(model, facts, division)
    let crossing = BorderCrossings(model, assignment).references.count
    let inner = BorderCounts(model, assignment).inner.reduce(0, +)
    let found = partition(division, known)
    return SignalAblation.Row(
      basis: basis, services: division.serviceCount,
      setApart: model.types.indices.count { assignment[TypeID($0)] == nil },
      likeness: likeness ?? 1, stability: division.agreement, modularity: division.modularity,
      crossing: Double(crossing) / Double(max(1, crossing + inner)),
      truth: known.isEmpty
        ? nil
        : SignalAblation.Agreement(
          mojoFM: found.mojoFM(to: areas), adjustedRandIndex: found.adjustedRandIndex(with: areas)))
  }
}
