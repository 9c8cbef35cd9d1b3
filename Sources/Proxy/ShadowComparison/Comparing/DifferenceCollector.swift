// SPDX-License-Identifier: Apache-2.0

/// Gathers differences: one per path-kind, redacted and bounded before anything is kept.
struct DifferenceCollector {
  private let rules: ComparisonRules
  private(set) var listed: [Difference] = []
  private(set) var ignored: [PathKind] = []
  private(set) var unlisted = 0
  private var known: Set<PathKind> = []

  init(rules: ComparisonRules) { self.rules = rules }

  mutating func add(
    _ path: ResponsePath, _ kind: PathKind.Kind, _ legacy: @autoclosure () -> String?,
    _ extracted: @autoclosure () -> String?
  ) {
    let pathKind = PathKind(path: path.shown, kind: kind)
    guard known.count < rules.differences || known.contains(pathKind) else {
      unlisted += 1
      return
    }
    guard known.insert(pathKind).inserted else { return }
    if rules.ignore.contains(where: { $0.matches(pathKind.path) }) {
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
    if Redaction(rules).hides(path) { return Redaction.mark }
    return BoundedText.excerpt(value, bytes: rules.exampleBytes)
  }
}
