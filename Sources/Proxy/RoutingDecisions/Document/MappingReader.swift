// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

/// Reads the keys of one mapping; what is not asked for is reported by `finish`.
struct MappingReader {
  /// A value and the key that leads to it.
  struct Child {
    var key: String
    var node: ConfigurationNode
  }

  let key: String
  let mark: ConfigurationNode.Mark
  private let findings: Findings
  private let entries: [ConfigurationNode.Entry]
  private var known: [String] = []

  /// Nil, with a finding, when the node is not a mapping.
  init?(_ child: Child, expected: String, _ findings: Findings) {
    guard case .mapping(let entries) = child.node.value else {
      findings.error(
        child.key, at: child.node.mark, "expected \(expected), found \(child.node.found)")
      return nil
    }
    key = child.key
    mark = child.node.mark
    self.findings = findings
    self.entries = entries
    findings.note(key, at: mark)
    reportDuplicates()
  }

  /// All entries, for mappings whose keys are names.
  var children: [(name: String, child: Child)] {
    entries.map { ($0.key, Child(key: path($0.key), node: $0.value)) }
  }

  func has(_ name: String) -> Bool {
    entries.contains { $0.key == name }
  }

  /// The value of a key; nil when it is not there.
  mutating func child(_ name: String) -> Child? {
    known.append(name)
    guard let entry = entries.last(where: { $0.key == name }) else { return nil }
    findings.note(path(name), at: entry.value.mark)
    return Child(key: path(name), node: entry.value)
  }

  /// The value of a key read as a scalar; nil, with a finding unless it is absent, otherwise.
  mutating func value<Value>(_ name: String, as type: ScalarType<Value>) -> Value? {
    child(name).flatMap { type.read($0, findings) }
  }

  /// Like `value`, with a finding when the key is absent.
  mutating func required<Value>(_ name: String, as type: ScalarType<Value>) -> Value? {
    guard let child = child(name) else {
      missing(name, type.expected)
      return nil
    }
    return type.read(child, findings)
  }

  func missing(_ name: String, _ expected: String) {
    findings.error(path(name), at: mark, "missing; expected \(expected)")
  }

  /// Reports the keys that nobody asked for.
  func finish() {
    findings.know(known.map(path))
    for entry in entries where !known.contains(entry.key) {
      let guess = Spelling.guess(entry.key, among: known)
      findings.error(path(entry.key), at: entry.mark, "unknown key; \(guess)")
    }
  }

  private func reportDuplicates() {
    var seen: Set<String> = []
    for entry in entries where !seen.insert(entry.key).inserted {
      findings.error(path(entry.key), at: entry.mark, "the key stands here twice")
    }
  }

  func path(_ name: String) -> String {
    key.isEmpty ? name : "\(key).\(name)"
  }
}
