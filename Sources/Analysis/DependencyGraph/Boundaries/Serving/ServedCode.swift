// SPDX-License-Identifier: Apache-2.0

/// What of a code base answers requests or runs jobs, told from facts alone and before anything is
/// divided. Only that can become services; everything else is modules that programs are built from.
///
/// Modules that use each other form programs: a program is what no other module uses, with all that
/// it reaches. Two that reach the same serving or storing module are one. What is reached by
/// a program that serves nothing as well is shared code, and stays a module. What only tells an
/// operator how a process is doing serves nobody.
package struct ServedCode: Sendable, Equatable {
  /// A program that serves.
  package struct Program: Sendable, Equatable {
    /// Modules that nothing else uses and that lead to what serves, by name: what is started.
    package var tops: [String]
    /// Its own modules, by name.
    package var modules: [String]
    package var routes: Int
    /// Types that run jobs.
    package var jobs: Int
    /// Separable types that handle routes or run jobs.
    package var servers: Int
    /// Separable types of its modules.
    package var units: Int
    /// Those of them that are needed to answer or to run, and what these use.
    package var reached: Int
    /// Servers near which a table is used.
    package var storing: Int
    /// Tables that the program uses, migrations left out.
    package var tables: Int
    /// Those of them that are used near a server.
    package var servedTables: Int

    /// Part of the program that is there to serve.
    package var share: Double { ServedCode.share(reached, of: units) }

    /// Whether several services can be in it at all: it has more than one server, it is no sample,
    /// and it is there to serve.
    package var isDividable: Bool {
      servers >= ServedCode.leastServers && units >= Verdict.leastUnits && isApplication
    }

    /// Half of its code is near what answers or runs, or there are many of these, or it answers
    /// from its data. The interface of a tool does none of that.
    var isApplication: Bool {
      share >= ServedCode.leastShare || units <= ServedCode.mostUnits * servers
        || answersFromData
    }

    /// Half of what answers or runs has data near it, and half of the data is near that: the
    /// interface is the way to the data, however much code there is beside. A single table is one
    /// service at most.
    private var answersFromData: Bool {
      servedTables >= ServedCode.leastTables
        && ServedCode.share(storing, of: servers) >= ServedCode.leastShare
        && ServedCode.share(servedTables, of: tables) >= ServedCode.leastShare
    }
  }

  /// Servers below which there is nothing to take apart: a single type that answers, or that runs
  /// a job, is one service at most.
  static let leastServers = 2
  /// Tables below which there is nothing to take apart.
  static let leastTables = 2
  /// Part of a program's types, or of its data, that must be near its routes and jobs.
  static let leastShare = 0.5
  /// Steps that are near: a controller asks a service, and that a repository.
  private static let steps = 2
  /// Separable types for each server up to which a program is there to serve in any case.
  static let mostUnits = 20
  /// Types of jobs of the libraries for queues. Other evidence, such as a loop in a task, a timer
  /// or a lifecycle, is found in any library, and counts only beside data.
  private static let queueEvidence: Set<String> = [
    "Job", "AsyncJob", "ScheduledJob", "AsyncScheduledJob", "JobParameters",
  ]
  private static let lifecycleEvidence = "Service"

  /// Programs that serve, most routes first.
  package let programs: [Program]
  /// Loops, timers and lifecycles that were seen and count for nothing.
  package let background: Int
  /// Routes that only tell how a process is doing, of types that answer nothing else.
  package let operational: Int
  /// Types that were read, tests left out.
  package let types: Int
  /// Modules that were read, tests left out.
  package let modules: Int

  /// Modules of the programs that can be divided.
  var dividedModules: Set<String> {
    Set(programs.filter(\.isDividable).flatMap(\.modules))
  }

  /// Whether anything can be divided.
  package var isDividable: Bool { programs.contains(where: \.isDividable) }

  init(_ model: CodeModel, _ facts: UnitFacts) {
    let map = ModuleReach(model, facts)
    let operational = OperationalRoutes(model, facts.units)
    let (serving, background) = Self.servers(model, facts, map)
    let servers = serving.subtracting(operational.units)
    self.background = background
    self.operational = operational.count
    types = model.types.count { type in
      type.kind != .fileScope && type.kind != .member
        && !SourceFile.isTest(model.files[Int(type.position.file.index)].path)
    }
    modules = map.names.count
    programs = map.programs(serving: servers).map { found in
      Self.program(found, model, facts, map, servers)
    }.sorted {
      ($1.routes, $1.jobs, $0.modules.first ?? "") < ($0.routes, $0.jobs, $1.modules.first ?? "")
    }
  }

  /// Units that handle routes or run jobs, and what else runs in the background.
  private static func servers(
    _ model: CodeModel, _ facts: UnitFacts, _ map: ModuleReach
  ) -> (Set<Int>, background: Int) {
    var servers = Set(model.routes.map { facts.units[$0.handler] })
    var background: Set<TypeID> = []
    for job in model.jobs {
      let unit = facts.units[job.type]
      let counts =
        queueEvidence.contains(job.evidence)
        || (job.evidence == lifecycleEvidence && map.storesData(unit))
      if counts { servers.insert(unit) } else { background.insert(job.type) }
    }
    return (servers.filter { map.moduleOfUnit[$0] != nil }, background.count)
  }

  private static func program(
    _ found: ModuleReach.Group, _ model: CodeModel, _ facts: UnitFacts, _ map: ModuleReach,
    _ servers: Set<Int>
  ) -> Program {
    let own = facts.units.units.indices.filter {
      map.moduleOfUnit[$0].map(found.modules.contains) ?? false
    }
    let serving = servers.intersection(own)
    let routes = model.routes.count { serving.contains(facts.units[$0.handler]) }
    let jobs = Set(
      model.jobs.filter { serving.contains(facts.units[$0.type]) }.map(\.type))
    let inside = Set(own)
    let reached = map.reached(from: serving, in: inside, steps: steps)
    var tables: [Int: Set<String>] = [:]
    for use in model.tableUses where use.access != .defines {
      let unit = facts.units[use.type]
      if inside.contains(unit) { tables[unit, default: []].insert(use.table) }
    }
    func tablesUsed(by units: some Sequence<Int>) -> Set<String> {
      units.reduce(into: []) { $0.formUnion(tables[$1] ?? []) }
    }
    let near = serving.map { tablesUsed(by: map.reached(from: [$0], in: inside, steps: steps)) }
    return Program(
      tops: found.tops.map { map.names[$0] }.sorted(),
      modules: found.modules.map { map.names[$0] }.sorted(),
      routes: routes, jobs: jobs.count, servers: serving.count, units: own.count,
      reached: reached.count, storing: near.count { !$0.isEmpty },
      tables: tablesUsed(by: own).count,
      servedTables: near.reduce(into: Set<String>()) { $0.formUnion($1) }.count)
  }

  private static func share(_ part: Int, of whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}

extension SourceFile {
  /// Whether a path is one of tests: what they register serves nobody.
  package static func isTest(_ path: String) -> Bool {
    path.split(separator: "/").dropLast().contains { $0 == "Tests" || $0.hasSuffix("Tests") }
  }
}
