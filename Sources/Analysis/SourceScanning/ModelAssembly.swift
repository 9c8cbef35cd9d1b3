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

  /// - Parameter evidence: what the compiler knows, where it was asked.
  func model(
    evidence: CompilerEvidence? = nil, progress: (Int, Int) -> Void
  ) -> CodeModel {
    var table = SymbolTable(files: read.map(\.facts))
    let numbering = TypeNumbering(table: table)
    let names = TableNames(table: table)
    resolveProperties(&table, numbering, names)
    var signals = walkBodies(table, numbering, names, progress)
    let coverage = evidence?.apply(to: &signals, table, numbering)
    var model = assemble(table, numbering, names, signals)
    if let coverage { model.findings.append(coverage) }
    return model
  }

  /// On a stack that carries nested initialisers.
  private func resolveProperties(
    _ table: inout SymbolTable, _ numbering: TypeNumbering, _ names: TableNames
  ) {
    let before = table
    let resolved = StackedThreads.map([before], threads: 1) { _, input in
      var output = input
      MemberInference.resolve(&output, numbering: numbering, tableNames: names)
      return output
    }
    if let first = resolved.first { table = first }
  }

  private func walkBodies(
    _ table: SymbolTable, _ numbering: TypeNumbering, _ names: TableNames,
    _ progress: (Int, Int) -> Void
  ) -> [FileSignals] {
    let files = Array(table.files.indices)
    return StackedThreads.map(files, threads: options.threads) { completed in
      progress(completed, files.count)
    } _: { _, file in
      var inference = BodyInference(
        table: table, numbering: numbering, tableNames: names, file: file)
      inference.walkFile()
      return inference.signals
    }
  }

  private func assemble(
    _ table: SymbolTable, _ numbering: TypeNumbering, _ names: TableNames, _ signals: [FileSignals]
  ) -> CodeModel {
    var model = CodeModel()
    model.files = read.map {
      SourceFile(path: $0.facts.path, module: $0.facts.module, lines: $0.lines)
    }
    model.types = numbering.declarations
    model.references = signals.flatMap { file in
      file.references.sorted { ($0.position, $0.to) < ($1.position, $1.to) }
    }
    model.fileDependencies = signals.enumerated().flatMap { file, found in
      found.filesUsed.map { FileDependency(from: FileID(file), to: $0.key, count: $0.value) }
        .sorted()
    }
    model.tableUses = TableUses(names: names.mappings(in: table, numbering: numbering), signals)
      .sorted()
    let routes = RouteResolution(signals.flatMap(\.routerPasses))
    model.routes = routes.registrations(of: signals.flatMap(\.routes))
      .sorted { ($0.position, $0.path) < ($1.position, $1.path) }
    model.jobs = (JobTypes.declarations(in: table, numbering) + signals.flatMap(\.jobs))
      .sorted { $0.position < $1.position }
    model.outboundCalls = signals.flatMap(\.outboundCalls).sorted { $0.position < $1.position }
    model.findings = ScanFindings(discovery: discovery, files: read).findings()
    return model
  }
}
