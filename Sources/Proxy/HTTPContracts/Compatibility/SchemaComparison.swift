// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Compares what a writer may write with what a reader takes, for one direction.
///
/// In requests the older version's clients write and the newer service reads; in answers the newer
/// service writes and the older version's clients read. So what is narrowed breaks requests, and
/// what is widened breaks answers.
///
/// Each pair of schemas is compared once, whatever refers to it: what it says of its own, the pairs
/// that it leads to, and its alternatives. Then `SchemaPairs` finds which pairs get along.
struct SchemaComparison {
  let old: APIDocument
  let new: APIDocument
  let direction: ValueDirection
  private let same: UnchangedSchemas
  private var pairs = SchemaPairs()
  /// Pairs that are known and not compared yet.
  private var pending: [Pending] = []
  /// Where the pair that is being compared leads to.
  private var edges: [SchemaPairs.Edge] = []
  /// The pair that is being compared is one of several alternatives, and only whether it gets along
  /// is asked: what breaks by itself is looked into no further.
  private var isTrial = false

  private struct Pending {
    var pair: Int
    var written: SchemaView
    var read: SchemaView
    var key: String
    var isTrial: Bool
  }

  init(
    old: APIDocument, new: APIDocument, same: UnchangedSchemas, direction: ValueDirection
  ) {
    self.old = old
    self.new = new
    self.same = same
    self.direction = direction
  }

  var writer: APIDocument { direction == .request ? old : new }
  var reader: APIDocument { direction == .request ? new : old }
  var writerSide: APIChange.Side { direction == .request ? .old : .new }
  var readerSide: APIChange.Side { direction == .request ? .new : .old }

  /// What changed between two schemas; none of the nodes say nothing.
  mutating func changes(old: [APINode], new: [APINode]) -> [SchemaChange] {
    if same.holds(old, new) { return [] }
    let (written, read) = direction == .request ? (old, new) : (new, old)
    let (one, other) = (writer.view(written), reader.view(read))
    let root = pair(one, other, key: one.key + " < " + other.key, isTrial: false)
    while let next = pending.popLast() {
      isTrial = next.isTrial
      var pair = compared(next.written, next.read, key: next.key)
      if isTrial, pair.own.contains(where: { $0.severity == .breaking }) {
        pair.edges = []
        pair.alternatives = []
      }
      pairs.set(next.pair, pair)
    }
    return pairs.changes(from: root)
  }

  private mutating func pair(
    _ written: SchemaView, _ read: SchemaView, key: String, isTrial: Bool
  ) -> Int {
    let (pair, isNew) = pairs.pair((isTrial ? "? " : "") + key)
    guard isNew else { return pair }
    if pairs.isFull {
      pairs.set(pair, .init(own: [notCompared(read, "the schemas are too large to compare")]))
    } else {
      pending.append(
        Pending(pair: pair, written: written, read: read, key: key, isTrial: isTrial))
    }
    return pair
  }

  /// Leads from the pair that is being compared to that of a member or an element.
  mutating func follow(_ written: [APINode], _ read: [APINode], _ step: String) {
    if same.holds(former(written, read), latter(written, read)) { return }
    let (one, other) = (writer.view(written), reader.view(read))
    let pair = pair(one, other, key: one.key + " < " + other.key, isTrial: isTrial)
    edges.append(.init(step: step, pair: pair))
  }

  func notCompared(_ view: SchemaView, _ reason: String) -> SchemaChange {
    SchemaChange(
      stem: "schema-not-compared", severity: .warning, side: readerSide, pointer: view.pointer,
      message: reason, effect: "whether clients notice is not known")
  }

  private func deprecation(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    let (former, latter) = direction == .request ? (written, read) : (read, written)
    guard latter.isDeprecated, !former.isDeprecated else { return [] }
    return [
      SchemaChange(
        stem: "deprecated", severity: .warning, side: .new, pointer: latter.pointer,
        message: "it is deprecated now", effect: "clients should stop to use it")
    ]
  }

  // MARK: - Alternatives

  private mutating func compared(
    _ written: SchemaView, _ read: SchemaView, key: String
  ) -> SchemaPairs.Pair {
    if written.isIncomplete || read.isIncomplete {
      return .init(own: [notCompared(read, "the schema refers to too many others")])
    }
    if written.choices.isEmpty, read.choices.isEmpty {
      edges = []
      let own = compared(written, read)
      return .init(own: own, edges: edges)
    }
    guard let writers = writer.branches(written), let readers = reader.branches(read) else {
      return .init(
        own: [notCompared(read, "there are too many alternatives to compare them all")])
    }
    var compared = SchemaPairs.Pair(own: deprecation(written, read))
    for (index, branch) in writers.enumerated() where !branch.types.isEmpty {
      compared.alternatives.append(
        alternative(branch, index, of: writers.count, readers, key: "\(key) #\(index)"))
    }
    if let one = written.discriminator, let other = read.discriminator, one != other {
      compared.own.append(
        SchemaChange(
          stem: "discriminator-changed", side: readerSide, pointer: read.pointer,
          message: "alternatives were told apart by \(former(one, other)), now by "
            + latter(one, other),
          effect: "a client finds no alternative for what it "
            + (direction == .request ? "sends" : "gets")))
    }
    return compared
  }

  /// What one of the writer's alternatives is held to: the one that is called the same, or else any
  /// of the reader's that takes it, or all of its pieces.
  private mutating func alternative(
    _ branch: SchemaView, _ index: Int, of count: Int, _ readers: [SchemaView], key: String
  ) -> SchemaPairs.Alternative {
    let named = readers.firstIndex {
      $0.alternative == branch.alternative && branch.alternative != nil
    }
    // Alternatives without names are taken to have kept their places.
    let isInPlace =
      branch.alternative == nil && count == readers.count && readers[index].alternative == nil
    let only = readers.count == 1 ? 0 : named
    if let own = only ?? (isInPlace ? index : nil) {
      let first = pair(branch, readers[own], key: "\(key) < \(own)", isTrial: isTrial)
      var found = SchemaPairs.Alternative(options: [first], otherwise: .option(0))
      if only == nil { addOthers(branch, index, of: count, readers, key, but: own, to: &found) }
      return found
    }
    var found = SchemaPairs.Alternative(options: [], otherwise: .change(lost(branch)))
    addOthers(branch, index, of: count, readers, key, but: nil, to: &found)
    return found
  }

  private mutating func addOthers(
    _ branch: SchemaView, _ index: Int, of count: Int, _ readers: [SchemaView], _ key: String,
    but own: Int?, to found: inout SchemaPairs.Alternative
  ) {
    for place in readers.indices where place != own {
      found.options.append(
        pair(branch, readers[place], key: "\(key) < \(place)", isTrial: true))
    }
    let pieces = branch.pieces
    guard pieces.count > 1 else { return }
    for (number, piece) in pieces.enumerated() {
      found.pieces.append(
        alternative(piece, index, of: count, readers, key: "\(key)/\(number)"))
    }
  }

  private func lost(_ branch: SchemaView) -> SchemaChange {
    let name = branch.alternative.map { "\"\($0)\"" } ?? SchemaType.text(branch.types)
    return SchemaChange(
      stem: direction == .request ? "alternative-removed" : "alternative-added",
      side: writerSide, pointer: branch.pointer,
      message: direction == .request
        ? "the alternative \(name) is taken no more" : "it may be the alternative \(name) now",
      effect: direction == .request
        ? "a client that sends it is refused" : "a client meets what it does not know")
  }

  // MARK: - One pair

  private mutating func compared(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    var found = deprecation(written, read)
    if written.types.isEmpty { return found }
    found += typeChanges(written, read)
    let shared = written.types.intersection(read.types)
    found += valueChanges(written, read, shared)
    found += formatChanges(written, read, shared)
    if written.values == nil { found += boundChanges(written, read, shared) }
    if shared.contains(.object) { found += memberChanges(written, read) }
    if shared.contains(.array) { followElements(written, read) }
    if written.others != read.others {
      let names = Set(written.others.keys).union(read.others.keys).filter {
        written.others[$0] != read.others[$0]
      }.sorted()
      found.append(notCompared(read, "\(names.joined(separator: ", ")) changed, and is not read"))
    }
    return found
  }

  /// What the older version says, of a pair of writer and reader.
  func former<Value>(_ written: Value, _ read: Value) -> Value {
    direction == .request ? written : read
  }

  func latter<Value>(_ written: Value, _ read: Value) -> Value {
    direction == .request ? read : written
  }

  /// A change that stands in the newer version, or in the older where the newer says nothing.
  func change(
    _ stem: String, _ written: SchemaView, _ read: SchemaView, _ message: String,
    _ effect: String, severity: APIChange.Severity = .breaking
  ) -> SchemaChange {
    let new = latter(written, read)
    let isSaid = !new.parts.isEmpty
    return SchemaChange(
      stem: stem, severity: severity, side: isSaid ? .new : .old,
      pointer: isSaid ? new.pointer : former(written, read).pointer, message: message,
      effect: effect)
  }

  private func typeChanges(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    let refused = written.types.subtracting(read.types)
    if refused.isEmpty { return [] }
    if refused == [.null] {
      return [
        direction == .request
          ? change(
            "became-not-nullable", written, read, "null is taken no more",
            "a client that sends null is refused")
          : change(
            "became-nullable", written, read, "it may be null now",
            "a client that reads \(SchemaType.text(read.types)) meets null")
      ]
    }
    let texts = (SchemaType.text(written.types), SchemaType.text(read.types))
    return [
      change(
        "type-changed", written, read,
        "it was \(former(texts.0, texts.1)) and is \(latter(texts.0, texts.1)) now",
        direction == .request
          ? "a client that sends \(SchemaType.text(refused)) is refused"
          : "a client that reads \(texts.1) meets \(SchemaType.text(refused))")
    ]
  }
}
