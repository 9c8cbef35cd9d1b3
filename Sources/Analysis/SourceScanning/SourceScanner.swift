// SPDX-License-Identifier: Apache-2.0
public import DependencyGraph
import Foundation

/// Reads a folder of Swift sources into a `CodeModel`, without building it and without a network.
///
/// The same bytes give the same model, for any number of threads and in any run.
public struct SourceScanner: Sendable {
  /// Number of processors, the default number of threads.
  public static var availableProcessors: Int { ProcessInfo.processInfo.activeProcessorCount }

  private let options: ScanOptions

  /// Creates a scanner.
  public init(options: ScanOptions = ScanOptions()) { self.options = options }

  /// Scans a folder.
  ///
  /// Blocks the calling thread until the model is there and works on threads of its own, so do not
  /// call it from an actor or a task that others wait for.
  ///
  /// - Parameters:
  ///   - folder: path of any checkout or source folder.
  ///   - progress: called on the calling thread, often.
  /// - Returns: the model. Files that could not be read or parsed are among its findings.
  /// - Throws: `ScanError` when there is nothing to read.
  public func scan(
    folder: String, progress: (ScanProgress) -> Void = { _ in }
  ) throws(ScanError) -> CodeModel {
    let leftovers = Leftovers()
    defer { leftovers.release() }
    return try model(of: folder, leftovers, progress: progress)
  }

  private func model(
    of folder: String, _ leftovers: Leftovers, progress: (ScanProgress) -> Void
  ) throws(ScanError) -> CodeModel {
    progress(ScanProgress(phase: .discovering, completed: 0, total: 0))
    let root = try checkedRoot(folder)
    // Read while folders are listed, which takes one thread only.
    let stored = options.cacheFolder.map { cache in
      Background { FactsCache.bytes(folder: cache, root: root) }
    }
    let concluded = (options.toldTypes.isEmpty ? options.cacheFolder : nil).map { cache in
      Background {
        ResolutionCache.stored(beside: FactsCache.path(folder: cache, root: root))
      }
    }
    var search = SourceDiscovery(root: root, options: options)
    let discovery = search.discover()
    guard !discovery.sources.isEmpty else {
      let leftOut = discovery.testFiles + discovery.generatedFiles + discovery.ignoredFiles
      throw ScanError(code: .noSources, folder: folder, leftOut: leftOut)
    }
    let modules = moduleMap(discovery, root: root)
    let (reader, files, cacheFindings) = read(
      discovery, modules, root: root, stored, progress: progress)
    let cache = reader.cache
    guard files.contains(where: { !$0.isGenerated || options.includeGenerated }) else {
      throw ScanError(code: .noSources, folder: folder, leftOut: files.count)
    }
    var assembly = ModelAssembly(options: options, discovery: discovery, read: files)
    leftovers.keep(cache)
    // Git takes its time in a process of its own; nothing else waits for what it tells.
    let paths = assembly.files.map(\.path)
    let history =
      options.readsHistory ? Background { HistoryReader(root: root, paths: paths).read() } : nil
    let compiler = try CompilerEvidenceReader(
      options: options, root: root, files: assembly.files,
      defines: options.defines.union(modules.defines)
    ).read { completed in
      progress(
        ScanProgress(phase: .indexing, completed: completed, total: assembly.files.count))
    }
    let resolution = options.toldTypes.isEmpty ? cache?.resolution(concluded) : nil
    func resolving(_ completed: Int, _ total: Int) {
      progress(ScanProgress(phase: .resolving, completed: completed, total: total))
    }
    var kept: CodeModel?
    if compiler.evidence == nil, let resolution {
      kept = assembly.model(keptIn: resolution, leftovers: leftovers, progress: resolving)
    }
    if kept == nil {
      let decoded = StackedThreads.map(files, threads: options.threads) { _, file in
        reader.decode(file)
      }
      assembly = ModelAssembly(options: options, discovery: discovery, read: decoded)
    }
    leftovers.keep(assembly)
    var model =
      kept
      ?? assembly.model(
        evidence: compiler.evidence, cache: resolution, leftovers: leftovers,
        progress: resolving)
    model.findings +=
      ScanFindings.findings(ofManifests: modules.problems) + cacheFindings + compiler.findings
    if let history {
      progress(ScanProgress(phase: .history, completed: 0, total: 0))
      let read = history.result
      model.history = read.history
      model.findings += read.findings
    }
    return model
  }

  private func checkedRoot(_ folder: String) throws(ScanError) -> String {
    let root = URL(fileURLWithPath: folder).standardizedFileURL.resolvingSymlinksInPath().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) else {
      throw ScanError(code: .missing, folder: folder)
    }
    guard isFolder.boolValue else { throw ScanError(code: .notAFolder, folder: folder) }
    guard (try? FileManager.default.contentsOfDirectory(atPath: root)) != nil else {
      throw ScanError(code: .unreadable, folder: folder)
    }
    return root
  }

  private func moduleMap(_ discovery: SourceDiscovery.Result, root: String) -> ModuleMap {
    let manifests = discovery.manifests.map { path in
      (
        path: path,
        bytes: FileBytes.contents(of: root + "/" + path, upTo: ManifestReader.sizeLimit + 1)
      )
    }
    return ModuleMap(
      manifests: manifests, enclosing: Self.enclosingManifest(discovery, root: root),
      sources: discovery.sources,
      rootName: root.split(separator: "/").last.map(String.init) ?? "Sources"
    ) {
      discovery.sources.reduce(into: []) { names, path in
        let beginning = FileBytes.contents(of: root + "/" + path, upTo: Self.importBytes)
        names.formUnion(ImportLines.modules(in: beginning ?? []))
      }
    }
  }

  /// Bytes of a file in which its imports stand.
  private static let importBytes = 16 << 10
  /// Folders above the scanned one in which a manifest is looked for.
  private static let levelsAbove = 8

  /// The nearest manifest above a folder that has none of its own, inside of the same repository.
  private static func enclosingManifest(
    _ discovery: SourceDiscovery.Result, root: String
  ) -> ModuleMap.Enclosing? {
    guard !discovery.manifests.contains("Package.swift") else { return nil }
    var (folder, inside) = (root[...], "")
    for _ in 0..<levelsAbove {
      guard FileStatus(path: "\(folder)/.git") == nil, let slash = folder.lastIndex(of: "/") else {
        return nil
      }
      inside = "\(folder[folder.index(after: slash)...])/\(inside)"
      folder = folder[..<slash]
      let manifest = "\(folder)/Package.swift"
      guard FileStatus(path: manifest)?.kind == .file else { continue }
      return ModuleMap.Enclosing(
        folder: inside,
        bytes: FileBytes.contents(of: manifest, upTo: ManifestReader.sizeLimit + 1))
    }
    return nil
  }

  private func read(
    _ discovery: SourceDiscovery.Result, _ modules: ModuleMap, root: String,
    _ stored: Background<[UInt8]?>?, progress: (ScanProgress) -> Void
  ) -> (reader: FileReader, files: [ReadFile], findings: [Finding]) {
    var conditions = BuildConditions()
    conditions.platform = options.platform
    conditions.defines = options.defines.union(modules.defines)
    conditions.modules = BuildConditions.toolchainModules.union(modules.modules)
    let cache = options.cacheFolder.flatMap { folder in
      ProgramIdentity.current.map {
        FactsCache(
          folder: folder, root: root, conditions: conditions, program: $0, stored: stored)
      }
    }
    let reader = FileReader(
      root: root, options: options, modules: modules, conditions: conditions, cache: cache)
    let total = discovery.sources.count
    let read = StackedThreads.map(discovery.sources, threads: options.threads) { completed in
      progress(ScanProgress(phase: .parsing, completed: completed, total: total))
    } _: { _, path in
      reader.readKeepingFacts(path)
    }
    return (reader, read.map(\.file), cache?.update(with: read.compactMap(\.kept)) ?? [])
  }
}
