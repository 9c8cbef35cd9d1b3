// SPDX-License-Identifier: Apache-2.0

/// What `strangler routes validate` says of a file.
public struct ValidationReport: Sendable, Equatable {
  /// The file as the user named it.
  public let file: String
  /// Errors and warnings in file order.
  public let diagnostics: [Diagnostic]
  private let routes: Int
  private let upstreams: Int
  private let forecasts: [Forecast]

  /// How long each stage of a plan lasts, a line each.
  package struct Forecast: Sendable, Equatable, Encodable {
    package let cutover: String
    package let stages: [String]

    package init(cutover: String, stages: [String]) {
      self.cutover = cutover
      self.stages = stages
    }
  }

  /// Reports on a decoded file.
  public init(_ decoded: DecodedConfiguration, file: String) {
    self.init(decoded, file: file, forecasts: [])
  }

  /// The same with what was forecast for its plans.
  package init(_ decoded: DecodedConfiguration, file: String, forecasts: [Forecast]) {
    self.file = file
    self.forecasts = forecasts
    diagnostics = decoded.diagnostics
    routes = decoded.configuration?.routes.count ?? 0
    upstreams = decoded.configuration?.upstreams.count ?? 0
  }

  /// Whether the proxy would start with it.
  public var isUsable: Bool { !diagnostics.contains { $0.severity == .error } }

  /// One diagnostic a line, then a line that sums up.
  public var text: String {
    let plans = forecasts.flatMap { forecast in
      ["cutover \(forecast.cutover):"] + forecast.stages.map { "  \($0)" }
    }
    return (diagnostics.map(\.description) + plans + [summary]).joined(separator: "\n") + "\n"
  }

  /// An object with `file`, `usable` and `diagnostics`.
  public var json: String {
    JSONText.encode(
      Document(
        file: file, usable: isUsable, diagnostics: diagnostics.map(Document.Item.init),
        forecasts: forecasts.isEmpty ? nil : forecasts))
  }

  private var summary: String {
    let errors = diagnostics.count { $0.severity == .error }
    let warnings = Self.counted(diagnostics.count - errors, "warning")
    if errors > 0 { return "\(file): \(Self.counted(errors, "error")), \(warnings)" }
    return "\(file) is valid: \(Self.counted(routes, "route")), "
      + "\(Self.counted(upstreams, "upstream")), \(warnings)"
  }

  private static func counted(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }

  private struct Document: Encodable {
    struct Item: Encodable {
      let severity: String
      let line: Int?
      let column: Int?
      let key: String
      let message: String

      init(_ diagnostic: Diagnostic) {
        severity = diagnostic.severity.rawValue
        line = diagnostic.location?.line
        column = diagnostic.location?.column
        key = diagnostic.key
        message = diagnostic.message
      }
    }

    let file: String
    let usable: Bool
    let diagnostics: [Item]
    let forecasts: [Forecast]?
  }
}
