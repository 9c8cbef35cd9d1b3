// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// The `--mapping` option, and mappings that were held against both stores.
struct MappingOption: ParsableArguments {
  @Option(
    name: .customLong("mapping"),
    help: "Mapping of the section data; give it again for others. All, unless given.")
  var names: [String] = []

  init() {}

  /// One mapping.
  init(_ name: String) { names = [name] }

  /// Some mappings.
  init(_ names: [String]) { self.names = names }

  /// All mappings.
  static var all: MappingOption {
    var option = MappingOption()
    option.names = []
    return option
  }

  /// The section data of a file.
  static func settings(_ file: String) throws -> (DataSettings, DecodedData) {
    let decoded = ConfigurationFile.data(file)
    guard let settings = decoded.settings else { throw unusable(decoded.diagnostics) }
    return (settings, decoded)
  }

  /// The chosen mappings, in the order in which tables are filled.
  ///
  /// - Throws: a failure that lists what the schemas refuse.
  func checks(
    _ settings: DataSettings, _ opened: OpenedStores, _ decoded: DecodedData
  ) throws -> [MappingCheck] {
    let known = settings.mappings.map(\.name)
    if let unknown = names.first(where: { !known.contains($0) }) {
      throw CommandFailure.unusable(
        "there is no mapping \"\(unknown)\"; there are \(known.joined(separator: ", "))")
    }
    let check = DataCheck(settings, schemas: opened.schemas, only: Set(names))
    let errors = check.findings.filter { $0.severity == .error }
    guard errors.isEmpty else { throw Self.unusable(decoded.placing(errors)) }
    return check.order.mappings + check.order.circle
  }

  static func unusable(_ diagnostics: [Diagnostic]) -> CommandFailure {
    CommandFailure.unusable(
      "the mappings cannot be used", details: diagnostics.map(\.description))
  }
}
