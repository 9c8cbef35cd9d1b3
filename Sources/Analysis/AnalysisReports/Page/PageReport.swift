// SPDX-License-Identifier: Apache-2.0

import Crypto
package import DependencyGraph

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Renders a study as one HTML page for people who have to decide: which service first, why, what
/// has to be cut, and how sure that is. The page loads nothing, its policy forbids it to, and it
/// runs no code but its own, which the policy names by hash.
package struct PageReport: Sendable {
  /// What was analysed, for the title.
  private let title: String

  /// Creates a renderer.
  package init(title: String) { self.title = title }

  /// The page; equal studies give equal bytes.
  package func render(_ study: BoundaryStudy) -> String {
    let sections = PageSections(study.suggestion)
    // Without services there is nothing for the program to draw.
    let script = sections.isDivided ? Self.script : ""
    let style = Self.text(PackageResources.report_css)
    let policy =
      "default-src 'none'; script-src '\(Self.hash(script))'; style-src '\(Self.hash(style))'; "
      + "base-uri 'none'; form-action 'none'"
    let name = HTMLText.escaped(title)
    let program =
      sections.isDivided
      ? """
      <script type="application/json" id="data">\(Self.data(study).embedded)</script>
      <script>\(script)</script>

      """ : ""
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Where to cut \(name)</title>
      <style>\(style)</style>
      </head>
      <body>
      \(sections.skipLink)
      <h1>Where to cut <span class="mono">\(name)</span></h1>
      \(sections.summary)\(sections.navigation)<main>
      \(sections.services)\(sections.map)\(sections.cutList)\(sections.findings)\
      \(sections.doubts)</main>
      \(program)</body>
      </html>

      """
  }

  /// The parts of the program in the order in which they build on each other.
  private static let script = [
    PackageResources.data_js, PackageResources.graph_js, PackageResources.opened_js,
    PackageResources.matrix_js, PackageResources.services_js, PackageResources.cuts_js,
  ].map(text).joined()

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A source expression of the Content Security Policy.
  private static func hash(_ text: String) -> String {
    "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
  }

  /// Nobody extracts it, so it has no place in the order.
  private static func remainder(_ remainder: Remainder) -> JSONValue {
    .object([("name", .string(remainder.name)), ("types", .integer(remainder.types.count))])
  }

  /// What the page's program reads; see `data.js` and `cuts.js`.
  private static func data(_ study: BoundaryStudy) -> JSONValue {
    let suggestion = study.suggestion
    var orders: [String: Int] = [:]
    for (index, service) in suggestion.services.enumerated() { orders[service.name] = index }
    // Cuts lead to what remains as well, so it has a place behind the services.
    if let remainder = suggestion.remainder { orders[remainder.name] = orders.count }
    func order(_ type: Int) -> Int {
      study.service(of: TypeID(type)).flatMap { orders[study.names[$0]] } ?? -1
    }
    let listed = ListedCuts(suggestion.cuts)
    var files = Numbering()
    var kinds = Numbering()
    let seams = Cut.Seam.allCases.map(\.title)
    let rows = listed.cuts.map { cut -> JSONValue in
      .array([
        .integer(orders[cut.fromService] ?? -1), .integer(orders[cut.toService] ?? -1),
        .string(cut.fromType), .string(cut.target), .integer(files[cut.location.file]),
        .integer(cut.location.line), .integer(cut.location.column), .string(cut.symbol),
        .integer(kinds[cut.kind.title]),
        .integer(seams.firstIndex(of: cut.seam.title) ?? 0),
      ])
    }
    return .object([
      (
        "services",
        .array(
          suggestion.services.map {
            .object([
              ("name", .string($0.name)), ("order", .integer($0.order)),
              ("types", .integer($0.types.count)),
            ])
          } + (suggestion.remainder.map { [remainder($0)] } ?? []))
      ),
      (
        "types",
        .array(
          study.model.types.indices.map {
            .array([.string(study.model.displayName(TypeID($0))), .integer(order($0))])
          })
      ),
      (
        "links",
        .array(
          study.typeLinks.filter { order($0.from) >= 0 && order($0.to) >= 0 }.map {
            .array([.integer($0.from), .integer($0.to), .integer($0.count)])
          })
      ),
      ("cuts", .array(rows)),
      (
        "borders",
        .array(
          listed.borders.map { border in
            .array([
              .integer(orders[border.from] ?? -1), .integer(orders[border.to] ?? -1),
              .integer(border.places),
            ])
          })
      ),
      ("cutsInAll", .integer(suggestion.cuts.count)),
      ("files", .strings(files.names)), ("kinds", .strings(kinds.names)),
      ("seams", .strings(seams)),
    ])
  }

  /// Gives each name a number, in order of first use.
  private struct Numbering {
    private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]

    subscript(name: String) -> Int {
      mutating get {
        if let number = numbers[name] { return number }
        numbers[name] = names.count
        names.append(name)
        return names.count - 1
      }
    }
  }
}

extension Cut.Kind {
  /// Name for people: `stored property`, `writes table`.
  var title: String {
    switch self {
    case .reference(.storedProperty): "stored property"
    case .reference(.typeUse): "type use"
    case .reference(let kind): kind.rawValue
    case .table(let access): access.rawValue + " table"
    }
  }
}
