// SPDX-License-Identifier: Apache-2.0

/// What of a Markdown file makes a playbook: headings, fenced blocks, and the paragraphs whose
/// first words are known.
struct PlaybookDocument {
  private(set) var title: String?
  private(set) var gives = ""
  private(set) var steps: [Playbook.Step] = []

  private static let fence = "```"
  private static let shell = "sh"

  private enum Paragraph { case other, gives, wayBack }

  private var heading = ""
  private var wayBack = ""
  private var sectionWayBack: String?
  private var paragraph = Paragraph.other
  private var block: (line: Int, isShell: Bool, commands: [Substring])?

  init(_ text: String) throws(PlaybookError) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      take(line, number: index + 1)
    }
    if let block { throw .openBlock(line: block.line) }
  }

  private mutating func take(_ line: Substring, number: Int) {
    if let open = block {
      guard line == Self.fence else {
        block?.commands.append(line)
        return
      }
      block = nil
      if open.isShell { close(open.line...number, open.commands) }
    } else if line.hasPrefix(Self.fence) {
      paragraph = .other
      block = (number, line.dropFirst(Self.fence.count) == Self.shell, [])
    } else if line.hasPrefix("#") {
      take(heading: line)
    } else {
      take(words: line)
    }
  }

  private mutating func close(_ lines: ClosedRange<Int>, _ commands: [Substring]) {
    steps.append(
      Playbook.Step(
        number: steps.count + 1, heading: heading.isEmpty ? title ?? "" : heading, lines: lines,
        commands: commands.joined(separator: "\n"), wayBack: sectionWayBack ?? wayBack))
  }

  private mutating func take(heading line: Substring) {
    paragraph = .other
    let level = line.prefix { $0 == "#" }.count
    let text = String(line.dropFirst(level).drop { $0 == " " })
    if level == 1 {
      title = title ?? String(text.drop { $0.isNumber || $0 == "." || $0 == " " })
    } else {
      heading = text
      sectionWayBack = nil
    }
  }

  private mutating func take(words line: Substring) {
    var words = line
    if line.isEmpty {
      paragraph = .other
    } else if line.hasPrefix("**You get** ") {
      paragraph = .gives
      words = line.dropFirst("**You get** ".count)
    } else if line.hasPrefix("**Way back**: ") {
      paragraph = .wayBack
      words = line.dropFirst("**Way back**: ".count)
      if !heading.isEmpty { sectionWayBack = "" }
    } else if line.hasPrefix("**") {
      paragraph = .other
    }
    switch paragraph {
    case .gives: gives += (gives.isEmpty ? "" : " ") + words
    case .wayBack where sectionWayBack != nil:
      sectionWayBack = [sectionWayBack ?? "", String(words)].filter { !$0.isEmpty }
        .joined(separator: " ")
    case .wayBack: wayBack += (wayBack.isEmpty ? "" : " ") + words
    case .other: break
    }
  }
}
