// SPDX-License-Identifier: Apache-2.0

/// One page without anything from elsewhere: light and dark, readable from 400 pixels up.
package struct HTMLPage {
  private var body = ""

  package init() {}

  /// Adds an element with text that may hold anything.
  package mutating func add(_ tag: String, _ text: String, class name: String? = nil) {
    open(tag, class: name)
    body += Self.escaped(text)
    close(tag)
  }

  /// Begins an element.
  package mutating func open(_ tag: String, class name: String? = nil) {
    body += "<\(tag)" + (name.map { " class=\"\($0)\"" } ?? "") + ">"
  }

  /// Ends an element.
  package mutating func close(_ tag: String) { body += "</\(tag)>\n" }

  /// Text as content or as the value of an attribute in quotes.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default:
        // Control characters are not allowed in HTML and would hide in an editor.
        let isPlain = scalar.value >= 0x20 && scalar.value != 0x7F || scalar == "\n"
        if isPlain { escaped.unicodeScalars.append(scalar) } else { escaped += "\u{FFFD}" }
      }
    }
    return escaped
  }

  /// The whole document.
  package func text(title: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
    style-src 'unsafe-inline'">
    <title>\(Self.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    \(body)</main>
    </body>
    </html>

    """
  }

  private static let style = """
    :root { color-scheme: light dark; --line: #8884; --soft: #8881; --minus: #d1242f22;
      --plus: #1a7f3722; --bad: #cf222e; --maybe: #9a6700; --quiet: #6e7781; }
    @media (prefers-color-scheme: dark) { :root { --bad: #ff7b72; --maybe: #d29922; } }
    * { box-sizing: border-box; }
    body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
    main { max-width: 1100px; margin: 0 auto; padding: 16px; }
    h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin: 2em 0 .3em; }
    h1, h2, p, code { overflow-wrap: anywhere; }
    p { margin: .2em 0; }
    article { border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px;
      margin: 10px 0; }
    .label { font-weight: 600; } .real, .likely { color: var(--bad); }
    .undecided { color: var(--maybe); } .noise-proposed, .quiet { color: var(--quiet); }
    details { margin-top: 6px; } summary { cursor: pointer; }
    table { width: 100%; border-collapse: collapse; table-layout: fixed; margin-top: 6px;
      font: 12px/1.45 ui-monospace, monospace; }
    td, th { padding: 1px 6px; vertical-align: top; white-space: pre-wrap; text-align: left;
      overflow-wrap: anywhere; border-left: 1px solid var(--line); }
    th { background: var(--soft); }
    .minus { background: var(--minus); } .plus { background: var(--plus); }
    @media (max-width: 480px) { main { padding: 8px; }
      td, th { padding: 1px 3px; font-size: 11px; } }
    """
}
