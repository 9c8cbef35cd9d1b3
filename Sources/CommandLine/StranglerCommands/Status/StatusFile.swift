// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import DataMapping
internal import Foundation
internal import RoutingDecisions

/// The sections of a configuration that tell how much is left, each for itself: a file may have the
/// data alone.
struct StatusFile {
  let path: String
  /// Why there is nothing to read; nil where there is.
  let missing: String?

  /// - Throws: a failure for a file that somebody named and that cannot be read.
  init(_ path: String) throws {
    self.path = path
    let isThere = FileManager.default.fileExists(atPath: path)
    if !isThere, path != AdminOption.standardFile {
      throw CommandFailure.unusable("there is no file \(path); name one with --config")
    }
    missing = isThere ? nil : "there is no file \(path)"
  }

  /// What the analysis is to leave out.
  var analysis: AnalysisSettings {
    missing == nil ? ConfigurationFile.analysis(path).settings : AnalysisSettings()
  }

  enum Section<Settings> {
    case there(Settings)
    case absent(String)
  }

  var routes: Section<ProxyConfiguration> {
    if let missing { return .absent(missing) }
    let decoded = ConfigurationFile.load(path)
    guard let configuration = decoded.configuration else {
      return .absent("\(path) cannot be used, see strangler routes validate")
    }
    return .there(configuration)
  }

  var data: Section<DataSettings> {
    if let missing { return .absent(missing) }
    let decoded = ConfigurationFile.data(path)
    if let settings = decoded.settings { return .there(settings) }
    return .absent(
      decoded.isAbsent
        ? "\(path) has no section data"
        : "the section data of \(path) has errors, see "
          + "strangler data check")
  }

  var outbox: Section<OutboxSettings> {
    if let missing { return .absent(missing) }
    let (settings, diagnostics) = ConfigurationFile.outbox(path)
    guard let settings, !diagnostics.contains(where: { $0.severity == .error }) else {
      return .absent("\(path) has no section outbox that can be used")
    }
    return .there(settings)
  }
}
