// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import RoutingDecisions

/// Reads configuration files.
public enum ConfigurationFile {
  /// Largest file that is read, in bytes.
  public static let maximumSize = 1 << 20

  /// Reads, decodes and validates a YAML file. Never throws: a file that cannot be read or is not
  /// YAML is a diagnostic like any other.
  public static func load(_ path: String) -> DecodedConfiguration {
    switch contents(of: path) {
    case .success(let text): decode(text, file: path)
    case .failure(let problem):
      DecodedConfiguration(unreadable: [Diagnostic(.error, key: "", message: problem.message)])
    }
  }

  /// Decodes and validates YAML text; `file` is its name for the diagnostics.
  public static func decode(_ text: String, file: String) -> DecodedConfiguration {
    switch YAMLDocument.parse(text, file: file) {
    case .success(let document): DecodedConfiguration(decoding: document, file: file)
    case .failure(let problem): DecodedConfiguration(unreadable: [problem.diagnostic])
    }
  }

  /// Reads what a file tells the analysis.
  public static func analysis(
    _ path: String
  ) -> (settings: AnalysisSettings, diagnostics: [Diagnostic]) {
    switch document(path) {
    case .success(let document): AnalysisSettings.decode(document, file: path)
    case .failure(let problem): (AnalysisSettings(), [problem.diagnostic])
    }
  }

  /// Reads what a file tells the relay of an outbox; nil where it says nothing of one, with a
  /// diagnostic.
  public static func outbox(
    _ path: String
  ) -> (settings: OutboxSettings?, diagnostics: [Diagnostic]) {
    switch document(path) {
    case .success(let document): OutboxSettings.decode(document, file: path)
    case .failure(let problem): (nil, [problem.diagnostic])
    }
  }

  /// Reads what a file tells of the data that moves.
  package static func data(_ path: String) -> DecodedData {
    switch document(path) {
    case .success(let document): DecodedData(decoding: document, file: path)
    case .failure(let problem): DecodedData(unreadable: problem.diagnostic)
    }
  }

  private struct UnusableDocument: Error {
    let diagnostic: Diagnostic
  }

  private static func document(
    _ path: String
  ) -> Result<ConfigurationNode, UnusableDocument> {
    switch contents(of: path) {
    case .success(let text):
      YAMLDocument.parse(text, file: path).mapError { UnusableDocument(diagnostic: $0.diagnostic) }
    case .failure(let problem):
      .failure(UnusableDocument(diagnostic: Diagnostic(.error, key: "", message: problem.message)))
    }
  }

  private struct UnreadableFile: Error {
    let message: String
  }

  private static func contents(of path: String) -> Result<String, UnreadableFile> {
    guard let file = FileHandle(forReadingAtPath: path) else {
      return .failure(UnreadableFile(message: reason(path)))
    }
    defer { try? file.close() }
    do {
      let data = try file.read(upToCount: maximumSize + 1) ?? Data()
      guard data.count <= maximumSize else {
        return .failure(
          UnreadableFile(
            message: "\(path) is larger than \(maximumSize >> 10) KiB; is it a configuration file?")
        )
      }
      guard let text = String(validating: data, as: UTF8.self) else {
        return .failure(UnreadableFile(message: "\(path) is not UTF-8 text"))
      }
      return .success(text)
    } catch {
      return .failure(UnreadableFile(message: "\(path) cannot be read; is it a folder?"))
    }
  }

  private static func reason(_ path: String) -> String {
    FileManager.default.fileExists(atPath: path)
      ? "\(path) cannot be read: check its permissions"
      : "there is no file \(path); name one with --config"
  }
}
