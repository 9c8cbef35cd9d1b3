// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import RoutingDecisions

/// The files of the console, which are part of the program. There are these and no others: no path
/// of a request is ever looked up on a disk.
struct ConsoleFiles: Sendable {
  struct File: Sendable {
    let type: String
    let bytes: [UInt8]
    /// Changes with the content.
    let tag: String

    init(_ type: String, _ bytes: [UInt8]) {
      self.type = type
      self.bytes = bytes
      let hash = bytes.withUnsafeBytes { SipHash(key0: 0, key1: 0).hash($0) }
      tag = "\"\(String(hash, radix: 16))\""
    }
  }

  let page = File("text/html; charset=utf-8", PackageResources.index_html)
  /// By name, below `/console/`.
  let parts: [String: File]

  init() {
    let (module, style) = ("text/javascript; charset=utf-8", "text/css; charset=utf-8")
    parts = [
      "api.js": File(module, PackageResources.api_js),
      "console.css": File(style, PackageResources.console_css),
      "console.js": File(module, PackageResources.console_js),
      "cutovers.js": File(module, PackageResources.cutovers_js),
      "data.js": File(module, PackageResources.data_js),
      "elements.js": File(module, PackageResources.elements_js),
      "formats.js": File(module, PackageResources.formats_js),
      "history.js": File(module, PackageResources.history_js),
      "icon.svg": File("image/svg+xml", PackageResources.icon_svg),
      "journal.js": File(module, PackageResources.journal_js),
      "orders.js": File(module, PackageResources.orders_js),
      "plots.js": File(module, PackageResources.plots_js),
      "routes.js": File(module, PackageResources.routes_js),
      "sagas.js": File(module, PackageResources.sagas_js),
      "shadows.js": File(module, PackageResources.shadows_js),
    ]
  }
}

extension ConsoleFiles.File {
  /// Nothing from elsewhere, nothing written into the page, no frame around it, no form that leads
  /// away; and strings cannot become markup or code at all.
  private static let contentSecurityPolicy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
    "connect-src 'self'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'",
  ].joined(separator: "; ")

  /// The file, or 304 for who has it.
  func response(to request: Request) -> Response {
    var headers: HTTPFields = [
      .contentType: type, .eTag: tag, .cacheControl: "no-cache",
      .contentSecurityPolicy: Self.contentSecurityPolicy, .xContentTypeOptions: "nosniff",
    ]
    for (name, value) in Self.further {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    let known = request.headers[.ifNoneMatch]?.split(separator: ",") ?? []
    if known.contains(where: { $0.trimmingPrefix(while: \.isWhitespace) == tag }) {
      return Response(status: .notModified, headers: headers)
    }
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: .init(bytes: bytes)))
  }

  private static let further = [
    ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]
}
