// SPDX-License-Identifier: Apache-2.0

/// What a configuration tells the analysis of the monolith; the proxy has no use for it.
public struct AnalysisSettings: Sendable, Equatable {
  /// A team by its members.
  public struct Team: Sendable, Equatable {
    /// Name of the team.
    public var name: String
    /// Authors as version control names them.
    public var members: [String]
    /// Creates a team.
    public init(name: String, members: [String]) {
      self.name = name
      self.members = members
    }
  }

  /// Patterns of paths, relative to the analysed folder, that are left out: `*` stands for anything
  /// in a name, `**` for any folders.
  public var ignore: [String]
  /// Teams in the order of the file.
  public var teams: [Team]

  /// Creates settings.
  public init(ignore: [String] = [], teams: [Team] = []) {
    self.ignore = ignore
    self.teams = teams
  }

  /// Reads the key `analysis` of a document and nothing else: a file for the analysis needs no
  /// route, and a proxy's mistakes are not the analysis' business. Without the key nothing is set.
  ///
  /// `file` is the file's name as the user gave it, for the diagnostics.
  public static func decode(
    _ document: ConfigurationNode, file: String
  ) -> (settings: AnalysisSettings, diagnostics: [Diagnostic]) {
    let findings = Findings(file: file)
    let top = MappingReader.Child(key: "", node: document)
    guard var reader = MappingReader(top, expected: "a mapping with the key analysis", findings)
    else { return (AnalysisSettings(), findings.diagnostics) }
    let settings = reader.child("analysis").flatMap(ConfigurationDecoder(findings).decodeAnalysis)
    return (settings ?? AnalysisSettings(), findings.diagnostics)
  }
}
