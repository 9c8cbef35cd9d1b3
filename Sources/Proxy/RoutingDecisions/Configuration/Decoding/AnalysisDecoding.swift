// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  func decodeAnalysis(_ child: MappingReader.Child) -> AnalysisSettings? {
    guard var reader = MappingReader(child, expected: "{ ignore, teams }", findings) else {
      return nil
    }
    var settings = AnalysisSettings()
    if let ignore = reader.child("ignore") {
      settings.ignore = texts(ignore, expected: "a list of paths such as [Sources/Old/**]")
    }
    if let teams = reader.child("teams") { settings.teams = decodeTeams(teams) }
    reader.finish()
    return settings
  }

  private func decodeTeams(_ child: MappingReader.Child) -> [AnalysisSettings.Team] {
    guard let reader = MappingReader(child, expected: "teams by name", findings) else { return [] }
    var teamOfMember: [String: String] = [:]
    return reader.children.map { name, child in
      let members = texts(child, expected: "a list of authors such as [Ada Lovelace]")
      for member in members {
        if let other = teamOfMember.updateValue(name, forKey: member), other != name {
          findings.error(
            child.key, at: child.node.mark, "\(member) is in the team \(other) already")
        }
      }
      return AnalysisSettings.Team(name: name, members: members)
    }
  }

  private func texts(_ child: MappingReader.Child, expected: String) -> [String] {
    items(child, expected: expected).compactMap { ScalarType.text.read($0, findings) }
  }
}
