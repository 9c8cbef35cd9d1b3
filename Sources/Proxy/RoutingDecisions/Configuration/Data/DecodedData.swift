// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// What a document says of the data that moves, with everything that is wrong with it.
package struct DecodedData: Sendable {
  /// Nil when there is an error.
  package let settings: DataSettings?
  /// In file order.
  package let diagnostics: [Diagnostic]
  /// The document has no such section at all.
  package let isAbsent: Bool
  private let places: ConfigurationPlaces?

  /// A document that could not even be read.
  package init(unreadable diagnostic: Diagnostic) {
    settings = nil
    diagnostics = [diagnostic]
    isAbsent = false
    places = nil
  }

  /// Reads the key `data` of a document and nothing else.
  ///
  /// `file` is the file's name as the user gave it, for the diagnostics.
  package init(decoding document: ConfigurationNode, file: String) {
    let findings = Findings(file: file)
    let top = MappingReader.Child(key: "", node: document)
    var settings: DataSettings?
    var isAbsent = false
    if var reader = MappingReader(top, expected: "a mapping with the key data", findings) {
      if let data = reader.child("data") {
        settings = ConfigurationDecoder(findings).decodeData(data)
      } else {
        isAbsent = true
        reader.missing("data", ConfigurationDecoder.expectedData)
      }
    }
    self.settings = findings.diagnostics.isEmpty ? settings : nil
    diagnostics = findings.diagnostics
    self.isAbsent = isAbsent
    places = findings.places
  }

  /// Findings about the settings, each with the place of its key or of the nearest one around it.
  package func placing(_ findings: [MappingFinding]) -> [Diagnostic] {
    findings.map { finding in
      let diagnostic = Diagnostic(finding)
      return places?.place(diagnostic) ?? diagnostic
    }
  }
}

extension Diagnostic {
  init(_ finding: MappingFinding) {
    self.init(
      finding.severity == .error ? .error : .warning, key: finding.key, message: finding.text)
  }
}
