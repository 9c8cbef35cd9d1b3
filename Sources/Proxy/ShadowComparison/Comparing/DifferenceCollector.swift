// SPDX-License-Identifier: Apache-2.0

/// Gathers differences: one per path-kind, redacted and bounded before anything is kept.
struct DifferenceCollector {
  private let rules: ComparisonRules
  private let redaction: Redaction
  private(set) var listed: [Difference] = []
  private(set) var ignored: [PathKind] = []
  private(set) var unlisted = 0
  private var known: Set<PathKind> = []

  init(rules: ComparisonRules) {
    self.rules = rules
    redaction = Redaction(rules)
  }

  mutating func add(
    _ path: ResponsePath, _ kind: PathKind.Kind, _ legacy: @autoclosure () -> String?,
    _ extracted: @autoclosure () -> String?
  ) {
    let isIgnored = rules.ignore.contains { $0.matches(path.shown) }
    let place = isIgnored ? path.shown : redaction.visible(path.shown)
    let pathKind = PathKind(path: place, kind: kind)
    guard known.count < rules.differences || known.contains(pathKind) else {
      unlisted += 1
      return
    }
    guard known.insert(pathKind).inserted else { return }
    if isIgnored {
      ignored.append(pathKind)
      return
    }
    listed.append(
      Difference(
        pathKind: pathKind, legacy: example(legacy(), at: pathKind.path),
        extracted: example(extracted(), at: pathKind.path)))
  }

  mutating func sort() {
    listed.sort { $0.pathKind < $1.pathKind }
    ignored.sort()
  }

  private func example(_ value: String?, at path: ResponsePath) -> String? {
    guard let value else { return nil }
    // A value may hold redacted ones below it: an object that one side lacks, a whole text.
    if redaction.hides(path) { return Redaction.mark }
    let shown = path.headerName.map { redaction.header($0, value) } ?? value
    return BoundedText.excerpt(shown, bytes: rules.exampleBytes)
  }
}
