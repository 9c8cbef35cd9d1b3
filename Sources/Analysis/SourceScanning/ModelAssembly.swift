// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Resolves the facts of all files and puts the model together.
struct ModelAssembly {
  private let options: ScanOptions
  private let discovery: SourceDiscovery.Result
  private let read: [ReadFile]

  init(options: ScanOptions, discovery: SourceDiscovery.Result, read: [ReadFile]) {
    self.options = options
    let kept = read.filter { !$0.isGenerated || options.includeGenerated }
    var discovery = discovery
    discovery.generatedFiles += read.count - kept.count
    self.discovery = discovery
    self.read = kept
  }

  /// Relative path and module of each file of the model.
  var files: [(path: String, module: String)] {
    read.map { (path: $0.facts.path, module: $0.facts.module) }
  }

  /// - Parameters:
  ///   - evidence: what the compiler knows, where it was asked.
  ///   - cache: what an earlier run concluded. The result does not depend on it.
  ///   - leftovers: takes what is needed no more.
  func model(
    evidence: CompilerEvidence? = nil, cache: ResolutionCache? = nil,
    leftovers: Leftovers = Leftovers(), progress: (Int, Int) -> Void
  ) -> CodeModel {
    var table = SymbolTable(files: read.map(\.facts), threads: options.threads)
    let numbering = TypeNumbering(table: table, telling: options.toldTypes)
    let names = TableNames(table: table)
    resolveProperties(&table, numbering, names)
    let walks = BodyWalks(
      table: table, numbering: numbering, tableNames: names, threads: options.threads)
    let found = cache.map { walks.remaining(read, cache: $0, progress: progress) }
    var signals = found?.signals ?? walks.all(progress: progress)
    let coverage = evidence?.apply(to: &signals, table, numbering)
    if coverage != nil { for file in signals.indices { signals[file].sortReferences() } }
    let jobs = JobTypes.evidence(in: table, table.nominals.indices.map { NominalID($0) })
    var model = assemble(
      table, numbering, names, signals, jobs: jobs, members: numbering.members(of: table))
    leftovers.keep(table)
    leftovers.keep(signals)
    if let cache, found?.isWritten.result == false {
      model.findings.append(FactsCache.notWritten(cache.path))
    }
    if let coverage { model.findings.append(coverage) }
    return model
  }

  /// On a stack that carries nested initialisers.
  private func resolveProperties(
    _ table: inout SymbolTable, _ numbering: TypeNumbering, _ names: TableNames
  ) {
    let found = StackedThreads.map([table], threads: 1) { _, table in
      MemberInference.types(in: table, numbering: numbering, tableNames: names)
    }
    for (id, type) in found.flatMap(\.types) { table[id].type = type }
    for id in found.flatMap(\.orderSensitive) { table[id].isOrderSensitive = true }
  }

  /// What an earlier run has kept, brought up to date, gives the model; `nil` where it has to be
  /// made anew.
  func model(
    keptIn cache: ResolutionCache, leftovers: Leftovers, progress: (Int, Int) -> Void
  ) -> CodeModel? {
    guard let update = KeptModel(read, cache, threads: options.threads)?.update(progress) else {
      return nil
    }
    let model = assemble(
      update.table, update.numbering, update.tableNames, update.signals, jobs: update.jobs,
      members: update.members)
    leftovers.keep(update)
    return update.isDoubtful ? nil : model
  }

  private func assemble(
    _ table: SymbolTable, _ numbering: TypeNumbering, _ names: TableNames, _ signals: [FileSignals],
    jobs: [JobTypes.Evidence], members: [MemberDeclaration]
  ) -> CodeModel {
    var model = CodeModel()
    model.files = read.map {
      SourceFile(path: $0.facts.path, module: $0.facts.module, lines: $0.lines)
    }
    model.types = numbering.declarations
    model.members = members
    model.references.reserveCapacity(signals.reduce(0) { $0 + $1.references.count })
    for file in signals { model.references += file.references }
    model.fileDependencies = signals.enumerated().flatMap { file, found in
      found.filesUsed.map { FileDependency(from: FileID(file), to: $0.key, count: $0.value) }
        .sorted()
    }
    let uses = TableUses(names: names.mappings(in: table, numbering: numbering), signals)
    model.tableUses = uses.sorted()
    model.calledUses = uses.called()
    model.transactions = OpenedTransactions(uses.found, signals, table).found()
    let routes = RouteResolution(signals.flatMap(\.routerPasses))
    model.routes = routes.registrations(of: signals.flatMap(\.routes))
      .sorted { ($0.position, $0.path) < ($1.position, $1.path) }
    model.jobs = (JobTypes.declarations(jobs, in: table, numbering) + signals.flatMap(\.jobs))
      .sorted { $0.position < $1.position }
    model.outboundCalls = signals.flatMap(\.outboundCalls).sorted { $0.position < $1.position }
    model.findings =
      ScanFindings(discovery: discovery, files: read).findings()
      + ScanFindings.findings(ofNames: model.types)
      + ScanFindings.findings(ofRoutes: model.routes)
      + ScanFindings.findings(ofTablesLeftOut: uses.dropped)
    return model
  }
}
