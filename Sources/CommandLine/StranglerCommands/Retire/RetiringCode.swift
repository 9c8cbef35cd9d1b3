// SPDX-License-Identifier: Apache-2.0
internal import DependencyGraph
internal import RoutingDecisions
internal import SourceScanning

/// The sources of a monolith, with the borders of the service that was taken out.
struct RetiringCode {
  let folder: String
  let settings: AnalysisSettings
  let includesTests: Bool
  let evidence: EvidenceOptions

  func scope(
    _ service: String, baseline path: String?, _ line: ProgressLine
  ) throws -> RetirementScope {
    guard let path else {
      let model = try scan(line)
      let study = line.working("finding borders") {
        BoundaryAnalysis(workers: .threads(nil)).study(model)
      }
      return try Self.asking { () throws(StudyQuestionError) in
        try RetirementScope(study, service: service)
      }
    }
    let baseline = try BaselineFile.read(path)
    let found = try scan(line)
    let told = baseline.typesToTell(found)
    let model = told.isEmpty ? found : try scan(telling: told, line)
    guard baseline.standing(model).knownTypes > 0 || baseline.types == 0 else {
      throw BaselineFile.ofOtherCode(path)
    }
    return try Self.asking { () throws(StudyQuestionError) in
      try RetirementScope(baseline, model, service: service)
    }
  }

  private static func asking(
    _ body: () throws(StudyQuestionError) -> RetirementScope
  ) throws -> RetirementScope {
    do throws(StudyQuestionError) {
      return try body()
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }

  private func scan(telling types: Set<String> = [], _ line: ProgressLine) throws -> CodeModel {
    var options = ScanOptions()
    options.toldTypes = types
    options.ignoredPaths = settings.ignore
    options.includeTests = includesTests
    evidence.apply(to: &options)
    do throws(ScanError) {
      return try SourceScanner(options: options).scan(folder: folder) { progress in
        line.update(progress.phase.rawValue, done: progress.completed, of: progress.total)
      }
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }
}
