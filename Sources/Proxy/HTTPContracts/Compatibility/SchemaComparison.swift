// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Compares what a writer may write with what a reader takes, for one direction.
///
/// In requests the older version's clients write and the newer service reads; in answers the newer
/// service writes and the older version's clients read. So what is narrowed breaks requests, and
/// what is widened breaks answers.
struct SchemaComparison {
  /// Most comparisons of two schemas.
  private static let stepLimit = 100_000
  /// Most comparisons within each other, so deep values.
  private static let depthLimit = 100

  let old: APIDocument
  let new: APIDocument
  let direction: ValueDirection
  private let same: UnchangedSchemas
  private var steps = 0
  /// Comparisons that are being made, by their depth: what comes back to one adds nothing.
  private var open: [String: Int] = [:]
  /// The outermost comparison that one under way came back to.
  private var outermost = Int.max
  private var known: [String: [SchemaChange]] = [:]

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
    direction == .request ? changes(old, new) : changes(new, old)
  }

  mutating func changes(_ written: [APINode], _ read: [APINode]) -> [SchemaChange] {
    if same.holds(former(written, read), latter(written, read)) { return [] }
    return changes(writer.view(written), reader.view(read))
  }

  private mutating func changes(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    let key = written.key + " < " + read.key
    if let known = known[key] { return known }
    if let depth = open[key] {
      outermost = min(outermost, depth)
      return []
    }
    if written.isIncomplete || read.isIncomplete {
      return [notCompared(read, "the schema refers to too many others")]
    }
    guard open.count < Self.depthLimit else {
      return [notCompared(read, "values are nested deeper than \(Self.depthLimit) levels")]
    }
    steps += 1
    guard steps <= Self.stepLimit else {
      return [
        notCompared(
          read, "the schemas are too large to compare, after \(Self.stepLimit) steps")
      ]
    }
    let depth = open.count
    let before = outermost
    open[key] = depth
    outermost = .max
    let found = deprecation(written, read) + chosen(written, read)
    open[key] = nil
    // What rests on a comparison that is still open may change with it.
    let isOwn = outermost >= depth
    if isOwn { known[key] = found }
    outermost = isOwn ? before : min(before, outermost)
    return found
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

  private mutating func chosen(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    if written.choices.isEmpty, read.choices.isEmpty { return compared(written, read) }
    guard let writers = writer.branches(written), let readers = reader.branches(read) else {
      return [notCompared(read, "there are too many alternatives to compare them all")]
    }
    var found: [SchemaChange] = []
    for (index, branch) in writers.enumerated() {
      found += alternative(branch, index, of: writers.count, readers, read)
    }
    if let one = written.discriminator, let other = read.discriminator, one != other {
      found.append(
        SchemaChange(
          stem: "discriminator-changed", side: readerSide, pointer: read.pointer,
          message: "alternatives were told apart by \(former(one, other)), now by "
            + latter(one, other),
          effect: "a client finds no alternative for what it "
            + (direction == .request ? "sends" : "gets")))
    }
    return found
  }

  /// What changed for who writes one alternative: nothing where any of the reader's takes it.
  private mutating func alternative(
    _ branch: SchemaView, _ index: Int, of count: Int, _ readers: [SchemaView], _ read: SchemaView
  ) -> [SchemaChange] {
    if branch.types.isEmpty { return [] }
    var all: [[SchemaChange]] = []
    // The one that is called the same is looked at first, and tells what changed.
    let named = readers.firstIndex {
      $0.alternative == branch.alternative && branch.alternative != nil
    }
    let order = (named.map { [$0] } ?? []) + readers.indices.filter { $0 != named }
    for place in order {
      let changes = compared(branch, readers[place])
      if changes.allSatisfy({ $0.severity == .warning }) { return changes }
      all.append(changes)
    }
    if readers.count == 1 { return all.first ?? [] }
    // Several alternatives may share what one lets through.
    let pieces = branch.pieces
    if pieces.count > 1 {
      let found = pieces.flatMap { alternative($0, index, of: count, readers, read) }
      if found.allSatisfy({ $0.severity == .warning }) { return found }
    }
    if named != nil { return all.first ?? [] }
    // Alternatives without names are taken to have kept their places.
    if branch.alternative == nil, count == readers.count, readers[index].alternative == nil,
      let place = order.firstIndex(of: index)
    {
      return all[place]
    }
    let name = branch.alternative.map { "\"\($0)\"" } ?? SchemaType.text(branch.types)
    return [
      SchemaChange(
        stem: direction == .request ? "alternative-removed" : "alternative-added",
        side: writerSide, pointer: branch.pointer,
        message: direction == .request
          ? "the alternative \(name) is taken no more" : "it may be the alternative \(name) now",
        effect: direction == .request
          ? "a client that sends it is refused" : "a client meets what it does not know")
    ]
  }

  // MARK: - One pair

  private mutating func compared(_ written: SchemaView, _ read: SchemaView) -> [SchemaChange] {
    if written.types.isEmpty { return [] }
    var found = typeChanges(written, read)
    let shared = written.types.intersection(read.types)
    found += valueChanges(written, read, shared)
    found += formatChanges(written, read, shared)
    if written.values == nil { found += boundChanges(written, read, shared) }
    if shared.contains(.object) { found += memberChanges(written, read) }
    if shared.contains(.array) { found += elementChanges(written, read) }
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
