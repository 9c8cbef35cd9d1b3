// SPDX-License-Identifier: Apache-2.0

/// Describes each service: its members, data, routes, scores and place in the order.
struct ServiceDescriptions {
  /// Names by service index.
  let names: [String]
  /// Services in the order of extraction.
  let inOrder: [Service]
  /// What remains of the monolith, as if it were a service; nil where nothing does.
  let remainder: Service?
  /// What searches for pitfalls read.
  let context: PitfallContext
  private let serviceCount: Int
  private let modularity: Double
  private let agreement: Double
  private let runs: Int
  private let referenceCount: Int
  private let crossingCount: Int

  init(
    _ model: CodeModel, _ facts: UnitFacts, _ division: ServiceDivision,
    _ assignment: ServiceAssignment, _ crossings: BorderCrossings
  ) {
    let names = ServiceNames.choose(model, facts, assignment)
    let counts = BorderCounts(model, assignment)
    let count = assignment.serviceCount
    var services = (0..<count).map { index in
      Service(
        name: names[index], types: [], files: [],
        tables: Service.Tables(owned: [], shared: []), routes: [], jobs: [],
        scores: counts.scores(
          index, stability: index == assignment.remainder ? 1 : division.serviceStability[index]),
        order: 0,
        reason: "")
    }
    Self.fillMembers(&services, model, facts, division, assignment)
    Self.fillInterfaces(&services, model, assignment)
    let context = PitfallContext(
      model: model, assignment: assignment, crossings: crossings, names: names)
    inOrder = Self.ordered(services, context, counts, runs: division.runs)
    remainder = assignment.remainder.map { services[$0] }
    self.context = context
    self.names = names
    serviceCount = division.serviceCount
    modularity = division.modularity
    agreement = division.agreement
    runs = division.runs
    referenceCount = counts.inner.reduce(0, +) + crossings.references.count
    crossingCount = crossings.references.count
  }

  func quality(_ options: AnalysisOptions, _ folders: FolderLikeness) -> Quality {
    Quality(
      modularity: modularity, stability: agreement, gamma: options.gamma, services: serviceCount,
      runs: runs, folderShare: folders.share, likenessWithoutFolders: folders.withoutFolders,
      references: referenceCount, crossingReferences: crossingCount)
  }

  func filesOfNoService(_ model: CodeModel) -> [String] {
    Set(model.files.map(\.path)).subtracting(inOrder.flatMap(\.files)).sorted()
  }

  /// What tests register serves nobody.
  func routesOfNoService(_ model: CodeModel) -> [Service.Route] {
    let routes = model.routes.filter {
      context.assignment[$0.handler] == nil
        && !SourceFile.isTest(model.location($0.position).file)
    }
    return Self.sorted(Set(routes.map { Service.Route(method: $0.method, path: $0.path) }))
  }

  private static func sorted(_ routes: Set<Service.Route>) -> [Service.Route] {
    routes.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
  }

  private static func fillMembers(
    _ services: inout [Service], _ model: CodeModel, _ facts: UnitFacts,
    _ division: ServiceDivision, _ assignment: ServiceAssignment
  ) {
    var files = [Set<String>](repeating: [], count: services.count)
    for index in model.types.indices {
      let id = TypeID(index)
      guard let service = assignment[id] else { continue }
      let type = model.types[index]
      let location = model.location(type.position)
      if type.kind != .member { files[service].insert(location.file) }
      services[service].types.append(
        Service.Member(
          name: model.displayName(id), module: type.module, location: location,
          stability: division.unitStability[facts.units[id]]))
    }
    let numbers = Dictionary(
      model.files.enumerated().map { ($0.element.path, FileID($0.offset)) },
      uniquingKeysWith: { first, _ in first })
    for service in services.indices {
      services[service].files = files[service].sorted()
      let own = Set(services[service].files.compactMap { numbers[$0] })
      services[service].authors = (model.history?.authors(of: own) ?? [])
        .map { Service.Author(name: $0.name, changes: $0.changes) }
      services[service].types.sort { ($0.name, $0.location) < ($1.name, $1.location) }
    }
  }

  private static func fillInterfaces(
    _ services: inout [Service], _ model: CodeModel, _ assignment: ServiceAssignment
  ) {
    var owned = [Set<String>](repeating: [], count: services.count)
    var shared = owned
    for use in model.tableUses {
      guard let service = assignment[use.type], let owner = assignment.ownerOfTable[use.table]
      else {
        continue
      }
      owned[owner].insert(use.table)
      if owner != service { shared[service].insert(use.table) }
    }
    var routes = [Set<Service.Route>](repeating: [], count: services.count)
    for route in model.routes {
      guard let service = assignment[route.handler] else { continue }
      routes[service].insert(Service.Route(method: route.method, path: route.path))
    }
    var jobs = owned.map { _ in Set<String>() }
    for job in model.jobs {
      guard let service = assignment[job.type] else { continue }
      jobs[service].insert(model.displayName(job.type))
    }
    for index in services.indices {
      services[index].tables = Service.Tables(
        owned: owned[index].sorted(), shared: shared[index].sorted())
      services[index].routes = sorted(routes[index])
      services[index].jobs = jobs[index].sorted()
    }
  }

  private static func ordered(
    _ services: [Service], _ context: PitfallContext, _ counts: BorderCounts, runs: Int
  ) -> [Service] {
    let pairs = context.crossings.pairs(context.model)
    let references = Array(pairs.prefix(context.crossings.references.count))
    let tables = Array(pairs.dropFirst(context.crossings.references.count))
    let problems = BlockingProblem.all(context)
    let candidates = services.enumerated().map { index, service in
      ExtractionOrder.Candidate(
        name: service.name, hasRoutes: !service.routes.isEmpty,
        stability: service.scores.stability, isHeld: counts.outer(index) <= counts.inner[index])
    }
    let order = ExtractionOrder(
      candidates, references: references, tables: tables, problems: problems.map(\.services),
      sharedTables: tableUsers(context), remainder: context.assignment.remainder
    ).services()
    var inbound = [Int](repeating: 0, count: services.count)
    var outbound = inbound
    var foreign = inbound
    for pair in references {
      outbound[pair.from] += 1
      inbound[pair.to] += 1
    }
    for pair in tables {
      foreign[pair.from] += 1
      foreign[pair.to] += 1
    }
    return order.enumerated().map { place, index in
      var service = services[index]
      service.order = place + 1
      service.blockers = Service.Blockers(of: index, problems, names: context.names)
      service.reason = reason(
        service, inbound: inbound[index], outbound: outbound[index],
        foreignTableUses: foreign[index], runs: runs)
      return service
    }
  }

  /// Services that use each table for more than a migration.
  private static func tableUsers(_ context: PitfallContext) -> [Set<Int>] {
    var users: [String: Set<Int>] = [:]
    for use in context.model.tableUses where use.access != .defines {
      guard let service = context.assignment[use.type] else { continue }
      let owner = [context.assignment.ownerOfTable[use.table]].compactMap { $0 }
      users[use.table, default: []].formUnion([service] + owner)
    }
    return Array(users.values)
  }

  private static func reason(
    _ service: Service, inbound: Int, outbound: Int, foreignTableUses: Int, runs: Int
  ) -> String {
    guard runs > 0 else {
      return "\(counted(service.types.count, "type")) in \(counted(service.files.count, "file")) "
        + "that stay together"
    }
    var parts = [
      service.blockers.sentence,
      "\(counted(inbound, "reference")) into it and \(outbound) out of it to cut",
      foreignTableUses == 0
        ? "no table shared with another service"
        : "\(counted(foreignTableUses, "use")) of tables across its border",
      counted(service.routes.count, "route"),
    ]
    if !service.jobs.isEmpty { parts.append(counted(service.jobs.count, "job")) }
    parts.append("stability \(decimal(service.scores.stability)) over \(runs) runs")
    return parts.joined(separator: ", ")
  }
}

/// `1 route`, `2 routes`.
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// References counted by the borders they cross.
struct BorderCounts {
  private(set) var inner: [Int]
  private var outgoing: [Int]
  private var incoming: [Int]
  private var usedOutside: [Set<TypeID>]
  private var outsideUsers: [Set<TypeID>]

  init(_ model: CodeModel, _ assignment: ServiceAssignment) {
    let count = assignment.serviceCount
    inner = [Int](repeating: 0, count: count)
    outgoing = inner
    incoming = inner
    usedOutside = [Set<TypeID>](repeating: [], count: count)
    outsideUsers = usedOutside
    for reference in model.references where reference.from != reference.to {
      guard let from = assignment[reference.from], let to = assignment[reference.to] else {
        continue
      }
      if from == to {
        inner[from] += 1
      } else {
        outgoing[from] += 1
        incoming[to] += 1
        usedOutside[from].insert(reference.to)
        outsideUsers[to].insert(reference.from)
      }
    }
  }

  /// References that cross the border of a service in either direction.
  func outer(_ service: Int) -> Int { outgoing[service] + incoming[service] }

  func scores(_ service: Int, stability: Double) -> Service.Scores {
    func share(_ part: Int, _ whole: Int, ifEmpty: Double) -> Double {
      whole == 0 ? ifEmpty : Double(part) / Double(whole)
    }
    let outer = outer(service)
    let efferent = usedOutside[service].count
    return Service.Scores(
      cohesion: share(2 * inner[service], 2 * inner[service] + outer, ifEmpty: 1),
      coupling: share(outgoing[service], inner[service] + outgoing[service], ifEmpty: 0),
      instability: share(efferent, efferent + outsideUsers[service].count, ifEmpty: 0),
      stability: stability)
  }
}
