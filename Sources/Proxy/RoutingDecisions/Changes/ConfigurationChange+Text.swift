// SPDX-License-Identifier: Apache-2.0

extension ConfigurationChange {
  /// One change a line, for a terminal or a log.
  public var text: String {
    if items.isEmpty { return "nothing changes\n" }
    return items.map { "\($0.kind.mark) \($0.subject): \($0.text)\n" }.joined()
  }

  /// An array of objects with `kind`, `subject` and `text`.
  public var json: String { JSONText.encode(items) }
}

extension ConfigurationChange.Item.Kind {
  fileprivate var mark: String {
    switch self {
    case .added: "+"
    case .removed: "-"
    case .changed: "~"
    case .kept: "="
    case .refused: "!"
    }
  }
}
