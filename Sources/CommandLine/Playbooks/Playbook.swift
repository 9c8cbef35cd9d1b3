// SPDX-License-Identifier: Apache-2.0

/// A procedure for people whose shell blocks run as they are written: Markdown with a title, what
/// it needs and gives, the way back, and a block for each step.
package struct Playbook: Sendable, Equatable {
  /// A block of commands under its heading.
  package struct Step: Sendable, Equatable {
    /// From 1.
    package var number: Int
    /// The heading that the block stands under.
    package var heading: String
    /// The line in which the block opens, and that of its end.
    package var lines: ClosedRange<Int>
    /// The commands, without a line break at the end.
    package var commands: String
    /// What its section says of the way back, else what the playbook says.
    package var wayBack: String
  }

  /// The file's name without its ending, such as `01-choose-the-first-service`.
  package let name: String
  /// What the name begins with.
  package let number: Int
  /// The title without the number.
  package let title: String
  /// What one gets from it.
  package let gives: String
  package let steps: [Step]
  /// The file as it is.
  package let text: String

  /// The name without its number.
  package var shortName: String { String(name.drop { $0.isNumber }.dropFirst()) }

  /// Reads a file.
  ///
  /// - Parameter name: as `name` above.
  package init(name: String, text: String) throws(PlaybookError) {
    guard let number = Self.number(of: name) else { throw .unnumbered(name) }
    let document = try PlaybookDocument(text)
    guard let title = document.title else { throw .lacks("a title: # 1. Do this", name) }
    guard !document.steps.isEmpty else { throw .lacks("a block of commands: ```sh", name) }
    // Whoever stops in the middle has to know what to do.
    guard document.steps.allSatisfy({ !$0.wayBack.isEmpty }) else {
      throw .lacks("a paragraph that begins with **Way back**", name)
    }
    self.name = name
    self.number = number
    self.title = title
    self.text = text
    gives = document.gives
    steps = document.steps
  }

  /// The number that a name begins with; nil where it is no playbook's.
  package static func number(of name: String) -> Int? {
    let digits = name.prefix { $0.isASCII && $0.isNumber }
    guard digits.count == 2, name.dropFirst(2).first == "-", name.count > 3 else { return nil }
    return Int(digits)
  }
}

/// Why a file is no playbook.
package enum PlaybookError: Error, Sendable, Equatable, CustomStringConvertible {
  case unnumbered(String)
  /// What is missing, and the name.
  case lacks(String, String)
  /// The line in which a block opens that nothing closes.
  case openBlock(line: Int)

  package var description: String {
    switch self {
    case .unnumbered(let name): "\(name): the name of a playbook begins with two digits and a dash"
    case .lacks(let what, let name): "\(name) lacks \(what)"
    case .openBlock(let line): "line \(line): the block that opens here is never closed"
    }
  }
}
