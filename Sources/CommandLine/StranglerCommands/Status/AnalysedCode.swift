// SPDX-License-Identifier: Apache-2.0
internal import AnalysisReports
internal import ConfigurationFiles
internal import DependencyGraph
internal import Foundation
internal import RoutingDecisions
internal import SourceScanning

/// What `strangler status` takes of an analysis, whether it makes one or reads a saved one.
struct AnalysedCode {
  struct Route: Hashable, Decodable {
    let method: String
    let path: String
  }

  struct Service {
    let name: String
    /// With their modules before them.
    let types: [String]
    var routes: [Route]
    /// Lines of files that are its alone; nil where they are not known.
    var lines: Int?
  }

  /// What there is today of the services of a baseline.
  struct Standing {
    struct Service {
      let name: String
      var types = 0
      /// Types that the baseline knows and the sources have no more.
      var gone = 0
      /// Nil where they are not known.
      var lines: Int?
      var routes: [Route] = []
    }

    var services: [Service] = []
    var otherTypes = 0
    var otherLines: Int?
    /// Types that the baseline knows: none where it is one of another code base.
    var knownTypes = 0
  }

  /// In the order of extraction.
  private(set) var services: [Service]
  /// Qualified names of types of no service.
  private(set) var others: [String]
  private(set) var otherLines: Int?
  private(set) var tables: [String]
  private(set) var parseFailures: Int
  /// What there is today of a baseline; nil without one.
  private(set) var standing: Standing?

  // MARK: - Made

  /// Analyses a folder, and holds it against a baseline.
  init(
    folder: String, settings: AnalysisSettings, baseline path: String?, _ line: ProgressLine
  ) throws {
    var options = ScanOptions()
    options.ignoredPaths = settings.ignore
    options.cacheFolder = ScanOptions.userCacheFolder
    options.readsHistory = true
    let model = try Self.scan(folder, options, line)
    let suggestion = line.working("finding borders") {
      BoundaryAnalysis(workers: .threads(nil)).study(model).suggestion
    }
    line.clear()
    self.init(suggestion, model)
    if let path {
      let baseline = try BaselineFile.read(path)
      options.toldTypes = baseline.typesToTell(model)
      let told = options.toldTypes.isEmpty ? model : try Self.scan(folder, options, line)
      let standing = Standing(baseline.standing(told))
      guard standing.knownTypes > 0 || baseline.types == 0 else {
        throw BaselineFile.ofOtherCode(path)
      }
      self.standing = standing
    }
  }

  private static func scan(
    _ folder: String, _ options: ScanOptions, _ line: ProgressLine
  ) throws -> CodeModel {
    do throws(ScanError) {
      return try SourceScanner(options: options).scan(folder: folder) { progress in
        line.update(progress.phase.rawValue, done: progress.completed, of: progress.total)
      }
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }

  init(_ suggestion: BoundarySuggestion, _ model: CodeModel) {
    var owners: [String: [Int]] = [:]
    for (number, service) in suggestion.services.enumerated() {
      for file in service.files { owners[file, default: []].append(number) }
    }
    var lines = [Int](repeating: 0, count: suggestion.services.count)
    var otherLines = 0
    for file in model.files {
      if let numbers = owners[file.path], numbers.count == 1 {
        lines[numbers[0]] += file.lines
      } else {
        otherLines += file.lines
      }
    }
    services = suggestion.services.enumerated().map { number, service in
      Service(
        name: service.name, types: service.types.map { "\($0.module).\($0.name)" },
        routes: service.routes.map { Route(method: $0.method, path: $0.path) },
        lines: lines[number])
    }
    self.otherLines = otherLines
    others =
      suggestion.sharedKernel + suggestion.compositionRoots
      + (suggestion.remainder?.types ?? []) + suggestion.modules.flatMap(\.types)
    let used =
      suggestion.services.flatMap { $0.tables.owned + $0.tables.shared }
      + (suggestion.remainder.map { $0.tables.owned + $0.tables.shared } ?? [])
    tables = Set(used).sorted()
    parseFailures = suggestion.coverage.parseFailures
  }

  // MARK: - Read

  private struct Document: Decodable {
    struct Tables: Decodable {
      let owned: [String]
      let shared: [String]
    }

    struct Member: Decodable {
      let name: String
      let module: String
    }

    struct Service: Decodable {
      let name: String
      let types: [Member]
      let routes: [Route]
      let tables: Tables
    }

    struct Remainder: Decodable {
      let types: [String]
      let tables: Tables
    }

    struct Module: Decodable { let types: [String] }
    struct Coverage: Decodable { let parseFailures: Int }

    let schema: String
    let services: [Service]
    let sharedKernel: [String]
    let compositionRoots: [String]
    let remainder: Remainder?
    let modules: [Module]
    let coverage: Coverage
  }

  /// Reads what `strangler analyze PATH --format json` wrote, and holds its names against a
  /// baseline.
  init(saved path: String, baseline: String?) throws {
    let document: Document
    do {
      document = try JSONDecoder().decode(
        Document.self, from: Data(try InputFile.text(path).utf8))
    } catch let error as DecodingError {
      throw CommandFailure.unusable(
        "\(path) is no saved analysis, as strangler analyze PATH --format json writes one: "
          + error.sentence)
    }
    guard document.schema == JSONReport.schema else {
      throw CommandFailure.unusable(
        "\(path): expected schema \(JSONReport.schema), found \(document.schema)")
    }
    services = document.services.map { service in
      Service(
        name: service.name, types: service.types.map { "\($0.module).\($0.name)" },
        routes: service.routes, lines: nil)
    }
    others =
      document.sharedKernel + document.compositionRoots + (document.remainder?.types ?? [])
      + document.modules.flatMap(\.types)
    let used =
      document.services.flatMap { $0.tables.owned + $0.tables.shared }
      + (document.remainder.map { $0.tables.owned + $0.tables.shared } ?? [])
    tables = Set(used).sorted()
    parseFailures = document.coverage.parseFailures
    guard let baseline else { return }
    let agreed = try BaselineFile.read(baseline)
    let standing = standing(of: agreed)
    guard standing.knownTypes > 0 || agreed.types == 0 else {
      throw BaselineFile.ofOtherCode(baseline)
    }
    self.standing = standing
  }

  /// By names alone: which of several types of one name is gone cannot be told, so none is.
  private func standing(of baseline: BoundaryBaseline) -> Standing {
    let there = Set(services.flatMap(\.types))
    // Types of no service come without their modules.
    let plain = Set(others)
    var standing = Standing()
    var numbers: [String: Int] = [:]
    for (number, known) in baseline.services.enumerated() {
      var service = Standing.Service(name: known.name)
      for key in known.types {
        let name = key.split(separator: "@").first.map(String.init) ?? key
        numbers[name] = number
        let short = name.split(separator: ".").dropFirst().joined(separator: ".")
        if there.contains(name) || plain.contains(short) || plain.contains(name) {
          service.types += 1
        } else {
          service.gone += 1
        }
      }
      standing.services.append(service)
    }
    standing.knownTypes = standing.services.reduce(0) { $0 + $1.types }
    // New types count to the service that most of today's belong to.
    for service in services {
      var votes: [Int: Int] = [:]
      for type in service.types { if let number = numbers[type] { votes[number, default: 0] += 1 } }
      let best = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      let new = service.types.count { numbers[$0] == nil }
      guard let best else {
        standing.otherTypes += new
        continue
      }
      standing.services[best].types += new
      standing.services[best].routes += service.routes
    }
    let known = Set(
      numbers.keys.map { $0.split(separator: ".").dropFirst().joined(separator: ".") })
    standing.otherTypes += others.count { !known.contains($0) }
    return standing
  }
}

extension AnalysedCode.Standing {
  fileprivate init(_ standing: BaselineStanding) {
    services = standing.services.map { service in
      Service(
        name: service.name, types: service.types, gone: service.gone, lines: service.lines,
        routes: service.routes.map { .init(method: $0.method, path: $0.path) })
    }
    otherTypes = standing.otherTypes
    otherLines = standing.otherLines
    knownTypes = standing.knownTypes
  }
}

/// Files with agreed borders.
enum BaselineFile {
  static func read(_ path: String) throws -> BoundaryBaseline {
    do {
      let data = try Data(contentsOf: URL(filePath: path))
      let baseline = try JSONDecoder().decode(BoundaryBaseline.self, from: data)
      guard baseline.schema == BoundaryBaseline.schema else {
        throw CommandFailure.unusable(
          "\(path): expected schema \(BoundaryBaseline.schema), found \(baseline.schema)")
      }
      return baseline
    } catch let error as DecodingError {
      throw CommandFailure.unusable("\(path) is no baseline: \(error.sentence)")
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure.unusable("cannot read \(path): \(error.localizedDescription)")
    }
  }

  static func ofOtherCode(_ path: String) -> CommandFailure {
    CommandFailure.unusable(
      "\(path) knows none of the types that were found: it is of another code base, or of another "
        + "folder of this one")
  }
}

extension DecodingError {
  /// What is wrong and where, in a few words.
  var sentence: String {
    switch self {
    case .keyNotFound(let key, let context):
      "\(key.stringValue) is missing at \(Self.path(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "another type is expected at \(Self.path(context))"
    case .dataCorrupted: "it is not JSON"
    @unknown default: "it has another shape"
    }
  }

  private static func path(_ context: Context) -> String {
    let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    return path.isEmpty ? "the top" : path.joined(separator: ".")
  }
}
