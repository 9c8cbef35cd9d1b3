// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// What an earlier run has kept, as long as the same files are there and few have changed.
struct KeptModel {
  /// With more files to declare anew, building the whole table is as good.
  private static let limit = 48

  private let read: [ReadFile]
  private let cache: ResolutionCache
  private let old: TableFingerprint
  private let kept: KeptTable
  private let keys: [UInt64]
  private let changed: [Int]
  private let facts: Records<FileFacts>
  private let threads: Int
  private let damage: Doubt

  /// The parts of a model.
  struct Update: Sendable {
    var table: SymbolTable
    var numbering: TypeNumbering
    var tableNames: TableNames
    var signals: [FileSignals]
    var jobs: [JobTypes.Evidence]
    var members: [MemberDeclaration]
    var doubts: [Doubt]

    /// Somebody asked for what was not there any more, or was damaged.
    var isDoubtful: Bool { doubts.contains(where: \.isNoted) }
  }

  /// `nil` where nothing is kept, or of other files, or too much has changed.
  init?(_ read: [ReadFile], _ cache: ResolutionCache, threads: Int) {
    guard let print = cache.print, cache.order.count == read.count else { return nil }
    var changed: [Int] = []
    var keys: [UInt64] = []
    for (index, file) in read.enumerated() {
      let key = TableKeys.key(ofFile: file.facts.path, module: file.facts.module)
      guard cache.order[index] == key, let content = file.content else { return nil }
      keys.append(key)
      if cache.files[key]?.content != content { changed.append(index) }
    }
    guard changed.count <= Self.limit, let kept = try? KeptTable(from: cache.table),
      kept.declarations.count == read.count
    else { return nil }
    self.read = read
    self.cache = cache
    self.old = print
    self.kept = kept
    self.keys = keys
    self.changed = changed
    self.threads = threads
    let damage = Doubt()
    self.damage = damage
    let early = KeptRecords(count: read.count) { index -> FileFacts in
      if let facts = read[index].decoded?.facts { return facts }
      damage.note()
      return FileFacts(path: read[index].facts.path, module: read[index].facts.module)
    }
    var graveyard = FactsBuilder(path: "", module: "")
    graveyard.declarations = [Declaration(kind: .variable, name: "", offset: 0, parent: nil)]
    facts = Records(kept: early, [graveyard.facts(lineStarts: [0])])
  }

  /// Declares anew what has changed and what may mean something else by that, until nothing is
  /// left.
  func update(_ progress: (Int, Int) -> Void) -> Update? {
    var dirty = changed
    while dirty.count <= Self.limit {
      guard let update = TableUpdate(kept, files: facts, dirty: dirty, keys: keys),
        let attempt = Attempt(update, kept, dirty: dirty, read),
        let names = attempt.changedNames(since: old)?.sorted
      else { return nil }
      let known = Set(dirty)
      let stale = read.indices.filter { index in
        !known.contains(index) && names.contains { read[index].names?.contains($0) ?? true }
      }
      guard stale.isEmpty else {
        dirty = (dirty + stale).sorted()
        continue
      }
      return whole(attempt, progress)
    }
    return nil
  }

  private func whole(_ attempt: Attempt, _ progress: (Int, Int) -> Void) -> Update? {
    let numbers = attempt.numbers(kept)
    let dirty = Set(attempt.dirty)
    let (cache, keys, types) = (cache, keys, attempt.types)
    let walks = BodyWalks(
      table: attempt.table, numbering: attempt.numbering, tableNames: attempt.tableNames,
      threads: threads)
    let walked = walks.walk(attempt.dirty, progress)
    let numbering = attempt.numbering
    let earlier = StackedThreads.map(Array(read.indices), threads: threads) {
      _, index -> (signals: FileSignals, members: [MemberDeclaration])? in
      guard !dirty.contains(index) else { return (FileSignals(), []) }
      guard let bytes = cache.files[keys[index]]?.signals,
        var reader = try? SignalsReader(bytes, file: FileID(index), numbers),
        let signals = try? reader.signals(), let types = types[index]
      else { return nil }
      let members = types.members.compactMap { owner, member in
        numbering.typeOfNominal[Int(owner.index)].map { type in
          var member = member
          member.owner = type
          return member
        }
      }
      return (signals, members)
    }
    var signals: [FileSignals] = []
    var members: [MemberDeclaration] = []
    for found in earlier {
      guard let found else { return nil }
      signals.append(found.signals)
      members += found.members
    }
    for (file, found) in zip(attempt.dirty, walked) { signals[file] = found }
    members += attempt.membersOfLargeTypes
    return Update(
      table: attempt.table, numbering: numbering, tableNames: attempt.tableNames,
      signals: signals, jobs: attempt.jobs(kept), members: TypeNumbering.sorted(members),
      doubts: [attempt.doubt, kept.damage, damage])
  }
}

/// An updated table with everything that is found out about it before bodies are walked.
private struct Attempt {
  private(set) var table: SymbolTable
  private(set) var numbering: TypeNumbering
  let tableNames: TableNames
  let dirty: [Int]
  /// Types of the model by file that is not declared anew.
  let types: [KeptTable.Types?]
  let doubt: Doubt
  private let update: TableUpdate
  /// In order of declaration.
  private let members: [MemberID]

  init?(_ update: TableUpdate, _ kept: KeptTable, dirty: [Int], _ read: [ReadFile]) {
    self.update = update
    self.dirty = dirty
    doubt = update.doubt
    table = update.table
    var types: [KeptTable.Types?] = []
    let isDirty = Set(dirty)
    for (index, file) in read.enumerated() {
      if isDirty.contains(index) {
        types.append(nil)
      } else {
        guard let kept = try? kept.types(of: index, module: file.facts.module) else { return nil }
        types.append(kept)
      }
    }
    self.types = types
    let now = update.now.filter { update.table[$0].kind != .external }
    var numbering = TypeNumbering(table: table, files: types, now)
    for id in update.grown.union(update.shapes) where update.isThere(id) {
      numbering.count(membersOf: id, in: table)
    }
    self.numbering = numbering
    let known = kept.names.tables.filter { !update.before.contains($0.key) }
    tableNames = TableNames(table: table, of: now, known: known)
    members = update.membersNow.values.sorted {
      (update.table[$0].file, update.table[$0].declaration.index)
        < (update.table[$1].file, update.table[$1].declaration.index)
    }
    let (names, ordered) = (tableNames, members)
    let found = StackedThreads.map([table], threads: 1) { [numbering] _, table in
      MemberInference.types(
        in: table, numbering: numbering, tableNames: names, members: ordered, files: isDirty)
    }
    guard found.allSatisfy(\.orderSensitive.isEmpty),
      !update.membersBefore.contains(where: { kept.members[Int($0.index)].isOrderSensitive })
    else { return nil }
    for (id, type) in found.flatMap(\.types) { table[id].type = type }
    // Who inherits from a job elsewhere would be one now, or none any more.
    let jobs = JobTypes.evidence(in: table, now)
    for id in now where id.index < Int32(kept.nominals.count) {
      let before = kept.names.jobs.first { $0.nominal == id }
      guard jobs.first(where: { $0.nominal == id }) == before else { return nil }
    }
    if decidesElsewhere(now, kept) { return nil }
  }

  /// Whether the changed files decide what types of other files are in a way that no name there
  /// tells of: the table of records that they extend or that inherit from theirs, and whether those
  /// that inherit from their types are jobs, for which their imports count.
  private func decidesElsewhere(_ now: [NominalID], _ kept: KeptTable) -> Bool {
    let own = Set(now)
    func decides(_ member: Member) -> Bool {
      guard TableNames.members.contains(member.name), let owner = member.owner else { return false }
      guard own.contains(owner) else { return true }
      switch table[owner].kind {
      case .protocol: return true
      case .class: return tableNames[owner] != kept.names.tables[owner]
      default: return false
      }
    }
    return update.membersNow.values.contains { decides(table[$0]) }
      || update.membersBefore.contains { decides(kept.members[Int($0.index)]) }
      || now.contains { JobTypes.isJobByImport($0, in: table) }
  }

  /// `nil` when something changed that no name tells of.
  func changedNames(since old: TableFingerprint) -> ChangedNames? {
    guard let keys = table.numbers?.keys else { return nil }
    let builder = FingerprintBuilder(table, tableNames, keys, isPartial: true)
    guard builder.modules == old.modules else { return nil }
    var (before, now) = (TableFingerprint(), TableFingerprint())
    for place in update.places {
      if let owner = place.owner, !update.isThere(owner) {
        // What others declared in a type that is gone is found where its name is.
        continue
      }
      let (key, entry) = builder.entry(at: place)
      if let entry { now.entries.append(entry) }
      let index = KeptTable.first(of: key, in: old.entries.count) { old.entries[$0].key }
      if index < old.entries.count, old.entries[index].key == key {
        before.entries.append(old.entries[index])
      }
    }
    let gone = Set(update.before.filter { !update.isThere($0) }.map { keys[$0] })
    if !gone.isEmpty { before.entries += old.entries.filter { gone.contains($0.owner) } }
    for id in shapes {
      if update.isThere(id) { now.shapes.append(builder.shape(of: id)) }
      let index = KeptTable.first(of: keys[id], in: old.shapes.count) { old.shapes[$0].key }
      if index < old.shapes.count, old.shapes[index].key == keys[id] {
        before.shapes.append(old.shapes[index])
      }
    }
    before.sort()
    now.sort()
    return ChangedNames(from: before, to: now, within: old)
  }

  /// Types that may not be what they were but for their names.
  private var shapes: Set<NominalID> {
    let least = MemberDeclaration.leastOfLargeType
    let crossed = update.grown.filter { id in
      guard update.isThere(id) else { return false }
      let before = table.nominals.before(Int(id.index))?.memberCount ?? 0
      return (before >= least) != (table[id].memberCount >= least)
    }
    return update.shapes.union(crossed)
  }

  var membersOfLargeTypes: [MemberDeclaration] {
    members.filter { numbering.isOfLargeType(table[$0]) }
      .map { numbering.member($0, of: table) }
  }

  func jobs(_ kept: KeptTable) -> [JobTypes.Evidence] {
    let before = Set(update.before)
    let now = update.now.sorted {
      (table[$0].file, table[$0].declaration?.index ?? 0)
        < (table[$1].file, table[$1].declaration?.index ?? 0)
    }
    return kept.names.jobs.filter { !before.contains($0.nominal) }
      + JobTypes.evidence(in: table, now)
  }

  func numbers(_ kept: KeptTable) -> ModelNumbers {
    let keys = table.numbers?.keys ?? TableKeys(nominals: KeyList(), members: KeyList(), files: [])
    let (now, before) = (update.membersNow, update.membersBefore)
    return ModelNumbers(ModelKeys(keys, numbering)) { key in
      if let id = now[key] { return id }
      return kept.member(withKey: key).flatMap { before.contains($0) ? nil : $0 }
    }
  }
}
