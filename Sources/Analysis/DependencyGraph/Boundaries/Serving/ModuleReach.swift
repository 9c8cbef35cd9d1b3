// SPDX-License-Identifier: Apache-2.0

/// Which modules use which, tests left out, and what of the code leads to what.
struct ModuleReach {
  /// Modules that make one program, with those that nothing else uses and that lead to a server.
  struct Group {
    var tops: [Int]
    var modules: Set<Int>
  }

  /// Modules, by name.
  let names: [String]
  /// Module of each unit; nil for tests.
  let moduleOfUnit: [Int?]
  /// Modules that use data for more than its definition.
  private let storing: Set<Int>
  /// Units that a unit uses.
  private let uses: [[Int]]
  /// Units that conform to a unit or inherit from it: who holds a protocol has come to each of its
  /// types.
  private let heirs: [[Int]]
  private let successors: [[Int]]

  init(_ model: CodeModel, _ facts: UnitFacts) {
    let modules = facts.units.units.map { unit -> String? in
      let file = model.files[Int(unit.file.index)]
      return SourceFile.isTest(file.path) ? nil : file.module
    }
    let names = Set(modules.compactMap(\.self)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let moduleOfUnit = modules.map { $0.flatMap { numbers[$0] } }
    var uses = [[Int]](repeating: [], count: facts.units.count)
    var heirs = uses
    var successors = [Set<Int>](repeating: [], count: names.count)
    for link in facts.references {
      uses[link.from].append(link.to)
      guard let from = moduleOfUnit[link.from], let to = moduleOfUnit[link.to], from != to else {
        continue
      }
      successors[from].insert(to)
    }
    for reference in model.references
    where reference.kind == .conformance || reference.kind == .inheritance {
      heirs[facts.units[reference.to]].append(facts.units[reference.from])
    }
    storing = Set(
      model.tableUses.filter { $0.access != .defines }
        .compactMap { moduleOfUnit[facts.units[$0.type]] })
    self.names = names
    self.moduleOfUnit = moduleOfUnit
    self.uses = uses
    self.heirs = heirs
    self.successors = successors.map { $0.sorted() }
  }

  /// Whether the module of a unit uses data.
  func storesData(_ unit: Int) -> Bool { moduleOfUnit[unit].map(storing.contains) ?? false }

  /// Units of a set that some of it use within so many steps, these included.
  func reached(from start: Set<Int>, in own: Set<Int>, steps: Int) -> Set<Int> {
    var reached = start
    var edge = start
    for _ in 0..<steps {
      var waiting = edge.flatMap { uses[$0] }.filter { own.contains($0) }
      edge = []
      while let next = waiting.popLast() {
        guard reached.insert(next).inserted else { continue }
        edge.insert(next)
        waiting += heirs[next].filter { own.contains($0) }
      }
    }
    return reached
  }

  /// Programs that hold a server, in order of their names.
  func programs(serving servers: Set<Int>) -> [Group] {
    let serving = Set(servers.compactMap { moduleOfUnit[$0] })
    guard !serving.isEmpty else { return [] }
    let tops = self.tops
    let reach = tops.map { top in reachable(from: top) }
    // Programs with a serving or storing module in common are one.
    var group = Array(tops.indices)
    for module in serving.union(storing).sorted() {
      let holders = tops.indices.filter { reach[$0].contains(module) }
      guard let first = holders.first else { continue }
      let joined = Set(holders.map { group[$0] })
      for index in group.indices where joined.contains(group[index]) { group[index] = group[first] }
    }
    return Set(group).sorted().compactMap { number in
      let inside = tops.indices.filter { group[$0] == number }
      let all = inside.reduce(into: Set<Int>()) { $0.formUnion(reach[$1]) }
      guard !all.isDisjoint(with: serving) else { return nil }
      let elsewhere = tops.indices.filter { group[$0] != number }
        .reduce(into: Set<Int>()) { $0.formUnion(reach[$1]) }
      let own = all.subtracting(elsewhere).union(all.intersection(serving.union(storing)))
      let leading = inside.filter { !reach[$0].isDisjoint(with: serving) }.flatMap { top in
        // Of modules that use each other, those that serve.
        let serves = tops[top].filter(serving.contains)
        return serves.isEmpty ? Array(tops[top].prefix(1)) : serves
      }
      return Group(tops: leading, modules: own)
    }
  }

  /// Modules that use each other all around and that nothing else uses.
  private var tops: [[Int]] {
    let components = StrongComponents(successors: successors)
    var isUsed: Set<Int> = []
    for (module, used) in successors.enumerated() {
      for other in used where components.component[other] != components.component[module] {
        isUsed.insert(components.component[other])
      }
    }
    return Dictionary(grouping: successors.indices) { components.component[$0] }
      .filter { !isUsed.contains($0.key) }.map(\.value).sorted { $0[0] < $1[0] }
  }

  private func reachable(from start: [Int]) -> Set<Int> {
    var reached = Set(start)
    var waiting = start
    while let next = waiting.popLast() {
      for module in successors[next] where reached.insert(module).inserted {
        waiting.append(module)
      }
    }
    return reached
  }
}
