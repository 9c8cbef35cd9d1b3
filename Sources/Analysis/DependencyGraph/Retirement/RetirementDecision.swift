// SPDX-License-Identifier: Apache-2.0

extension RetirementScope {
  /// What may go.
  ///
  /// - Parameter standings: one for each of `routes`.
  package func plan(_ standings: [RouteStanding], _ quiet: QuietTime) -> RetirementPlan {
    RetirementDecision(self, standings, quiet).plan
  }
}

/// Draws the conclusions from what is needed and who answers what.
private struct RetirementDecision {
  private let scope: RetirementScope
  private let model: CodeModel
  private let live: LiveCode
  private let routes: [RetirementPlan.Route]
  private let quiet: QuietTime
  /// Needed without the service, and those of it behind a protocol.
  private let needed: Set<Int>
  private let behind: [Int: Int]
  /// What each open route needs besides.
  private let waiting: [(route: String, types: Set<Int>)]

  init(_ scope: RetirementScope, _ standings: [RouteStanding], _ quiet: QuietTime) {
    let (model, live) = (scope.model, LiveCode(scope))
    self.scope = scope
    self.model = model
    self.live = live
    self.quiet = quiet
    routes = zip(scope.routes, standings).map { route, standing in
      RetirementPlan.Route(
        method: route.method, path: route.path, handler: model.displayName(route.handler),
        location: model.location(route.position), standing: standing,
        objections: quiet.objections(to: standing), evidence: quiet.evidence(for: standing))
    }
    (needed, behind) = live.needed()
    waiting = zip(scope.routes, routes).filter { !$0.1.objections.isEmpty }.map { route, entry in
      ("\(entry.method) \(entry.path)", live.needed(answering: [route.handler]).types)
    }
  }

  var plan: RetirementPlan {
    let types = live.concerned(needed: needed)
    let entries = types.map(entry)
    let going = Set(zip(types, entries).filter { $0.1.fate != .used }.map(\.0))
    return RetirementPlan(
      service: scope.service, routes: routes, files: files(types, entries),
      edits: edits, tables: tables(types),
      jobs: Set(model.jobs.filter { scope.types.contains($0.type) }.map(\.type)).sorted()
        .map(model.displayName),
      tests: tests(of: going), doubts: doubts)
  }

  private func fate(_ type: Int) -> RetirementPlan.Fate {
    if needed.contains(type) { return .used }
    return waiting.contains { $0.types.contains(type) } ? .waiting : .dead
  }

  private func entry(_ type: Int) -> RetirementPlan.TypeEntry {
    let id = TypeID(type)
    let fate = fate(type)
    let uses = fate == .used ? live.uses(of: type, by: needed).map(use) : []
    var needs: [String] = []
    if fate == .used, uses.isEmpty {
      needs =
        behind[type].map { [model.displayName(TypeID($0))] }
        ?? Set(
          model.references.filter {
            $0.to == id && $0.from != id && needed.contains(Int($0.from.index))
          }.map { model.displayName($0.from) }
        ).sorted()
    }
    return RetirementPlan.TypeEntry(
      name: model.displayName(id), location: model.location(model.type(id).position), fate: fate,
      isOfService: live.isOwn(type), uses: uses, needs: needs,
      routes: fate == .waiting
        ? waiting.filter { $0.types.contains(type) }.map(\.route) : [])
  }

  private func use(_ reference: Reference) -> RetirementPlan.Use {
    RetirementPlan.Use(
      from: model.displayName(reference.from), symbol: reference.symbol,
      kind: reference.kind.rawValue, location: model.location(reference.position),
      isGuess: reference.isByNameAlone)
  }

  // MARK: - Files

  private func files(
    _ types: [Int], _ entries: [RetirementPlan.TypeEntry]
  ) -> [RetirementPlan.File] {
    var listed: [FileID: [RetirementPlan.TypeEntry]] = [:]
    for (type, entry) in zip(types, entries) {
      listed[model.types[type].position.file, default: []].append(entry)
    }
    // Code of a type stands in the files of its extensions too.
    var code: [FileID: Set<Int>] = [:]
    for (index, type) in model.types.enumerated() {
      code[type.position.file, default: []].insert(index)
    }
    for reference in model.references {
      code[reference.position.file, default: []].insert(Int(reference.from.index))
    }
    var extended: [FileID: [RetirementPlan.Use]] = [:]
    for (index, reference) in model.references.enumerated() {
      guard let file = reference.extensionFile, needed.contains(Int(reference.from.index)),
        reference.position.file != file, !live.wiring.contains(index)
      else { continue }
      extended[file, default: []].append(use(reference))
    }
    let concerned = Set(types)
    let inOrder = code.keys.filter { !(code[$0] ?? []).isDisjoint(with: concerned) }.sorted()
    return inOrder.map { id in
      file(
        id, listed[id] ?? [],
        // What nothing leads to stays out of this: it was dead before.
        fates: Set((code[id] ?? []).map { concerned.contains($0) ? fate($0) : .used }),
        extended: (extended[id] ?? []).sorted { $0.location < $1.location })
    }
  }

  private func file(
    _ id: FileID, _ types: [RetirementPlan.TypeEntry], fates: Set<RetirementPlan.Fate>,
    extended: [RetirementPlan.Use]
  ) -> RetirementPlan.File {
    let all = extended.isEmpty ? fates : fates.union([.used])
    var fate = all.contains(.waiting) ? RetirementPlan.Fate.waiting : .dead
    if all.contains(.used) { fate = all.count == 1 ? .used : .partly }
    let file = model.files[Int(id.index)]
    return RetirementPlan.File(
      path: file.path, lines: file.lines, fate: fate, types: types, uses: extended,
      doubts: types.flatMap(doubts))
  }

  private func doubts(_ entry: RetirementPlan.TypeEntry) -> [String] {
    if entry.fate == .used, !entry.uses.isEmpty, entry.uses.allSatisfy(\.isGuess) {
      return ["\(entry.name) stays for the name of a member alone"]
    }
    guard entry.fate == .dead else { return [] }
    let abstractions = Set(
      model.references.filter { reference in
        [.conformance, .inheritance].contains(reference.kind)
          && needed.contains(Int(reference.to.index))
          && model.displayName(reference.from) == entry.name
          && model.location(model.type(reference.from).position) == entry.location
      }.map { model.displayName($0.to) })
    return abstractions.sorted().map {
      "\(entry.name) conforms to \($0), which stays: it may be found by that at run time"
    }
  }

  // MARK: - The rest

  private var edits: [RetirementPlan.Use] {
    live.wiring.sorted().map { model.references[$0] }
      .filter { !needed.contains(Int($0.to.index)) }
      .sorted { $0.position < $1.position }.map(use)
  }

  private func tables(_ types: [Int]) -> [RetirementPlan.Table] {
    let concerned = Set(types)
    let uses = Dictionary(
      grouping: model.tableUses.filter {
        $0.access != .defines && !live.isOfTest(Int($0.type.index))
      }, by: \.table)
    return uses.filter { $0.value.contains { concerned.contains(Int($0.type.index)) } }
      .sorted { $0.key < $1.key }.map { name, uses in
        let fates = Set(uses.map { fate(Int($0.type.index)) })
        return RetirementPlan.Table(
          name: name,
          fate: fates.contains(.used) ? .used : fates.contains(.waiting) ? .waiting : .dead,
          uses: uses.filter { needed.contains(Int($0.type.index)) }.map(\.position).sorted()
            .map(model.location))
      }
  }

  private func tests(of going: Set<Int>) -> [String] {
    Set(
      model.references.filter {
        live.isOfTest(Int($0.from.index)) && going.contains(Int($0.to.index))
      }.map { model.files[Int($0.position.file.index)].path }
    ).sorted()
  }

  private var doubts: [String] {
    var doubts = ["who asks the monolith past the proxy is not seen: its own access log tells"]
    let unread = model.findings.count { $0.id == "parse-failure" }
    if unread > 0 { doubts.append("\(counted(unread, "file")) could not be read") }
    if model.references.allSatisfy({ $0.tier == .syntax }) {
      doubts.append(
        "references are read from syntax alone; --index or --precise asks the compiler, and "
          + "names in strings are never seen")
    }
    let jobs = Set(model.jobs.filter { scope.types.contains($0.type) }.map(\.type)).sorted()
    doubts += jobs.map {
      "\(model.displayName($0)) runs by itself: nothing here shows that the service does its work"
    }
    return doubts + Set(routes.compactMap { quiet.doubt(about: $0.standing) }).sorted()
  }
}
