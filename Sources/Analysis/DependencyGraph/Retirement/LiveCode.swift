// SPDX-License-Identifier: Apache-2.0

/// Which types are needed by what a monolith still answers and runs.
///
/// A type is needed when needed code names it, and whatever holds it. Code that only wires (it
/// names handlers or jobs of the service and of others, or starts the program) does not need what
/// it wires: those lines go with it.
struct LiveCode {
  let model: CodeModel
  /// Handlers of routes, and types that run jobs.
  private let serving: Set<Int>
  private let own: Set<Int>
  private let isTest: [Bool]
  private let outgoing: [[Int]]
  /// What must be there where a type is: the type it is a part of or nested in.
  private let holders: [Int?]
  /// References that only wire the service.
  let wiring: Set<Int>
  /// What is needed whatever becomes of the service.
  private let roots: Set<Int>

  init(_ scope: RetirementScope) {
    let model = scope.model
    self.model = model
    let own = Set(scope.types.map { Int($0.index) })
    self.own = own
    let serving = Set(
      model.entryTypes.map { Int($0.index) })
    self.serving = serving
    isTest = model.types.map { SourceFile.isTest(model.files[Int($0.position.file.index)].path) }
    holders = Self.holders(model)
    var outgoing = [[Int]](repeating: [], count: model.types.count)
    var isNamed = [Bool](repeating: false, count: model.types.count)
    var names = [Set<Bool>](repeating: [], count: model.types.count)
    for (index, reference) in model.references.enumerated() {
      let (from, to) = (Int(reference.from.index), Int(reference.to.index))
      guard from != to else { continue }
      outgoing[from].append(index)
      if !isTest[from] { isNamed[to] = true }
      if serving.contains(to) { names[from].insert(own.contains(to)) }
    }
    let isOutside = model.types.indices.map { [isTest] in !own.contains($0) && !isTest[$0] }
    let wires = model.types.indices.map { type in
      isOutside[type] && !serving.contains(type) && names[type].contains(true)
        && (names[type].contains(false) || !isNamed[type])
    }
    wiring = Set(
      model.references.indices.filter { index in
        wires[Int(model.references[index].from.index)]
          && own.contains(Int(model.references[index].to.index))
      })
    roots = Set(
      model.types.indices.filter { isOutside[$0] && (serving.contains($0) || !isNamed[$0]) })
    self.outgoing = outgoing
  }

  private static func holders(_ model: CodeModel) -> [Int?] {
    struct Name: Hashable {
      var module: String
      var name: Substring
    }
    var declared: [Name: Int] = [:]
    for (index, type) in model.types.enumerated() where type.kind != .fileScope {
      declared[Name(module: type.module, name: type.qualifiedName[...])] = index
    }
    return model.types.enumerated().map { index, type in
      if let owner = model.ownerOfPart[TypeID(index)] { return Int(owner.index) }
      guard let dot = type.qualifiedName.lastIndex(of: ".") else { return nil }
      return declared[Name(module: type.module, name: type.qualifiedName[..<dot])]
    }
  }

  /// Before anything of the service goes.
  var today: Set<Int> { reach(from: roots.union(serving.intersection(own)), wired: true).types }

  /// With some of the service's handlers still answering.
  func needed(answering handlers: Set<TypeID> = []) -> (types: Set<Int>, behind: [Int: Int]) {
    reach(from: roots.union(handlers.map { Int($0.index) }), wired: false)
  }

  /// - Returns: what is needed, and of types that stand behind a protocol that is needed, this
  ///   protocol.
  private func reach(
    from start: Set<Int>, wired: Bool
  ) -> (types: Set<Int>, behind: [Int: Int]) {
    var reached = start
    var behind: [Int: Int] = [:]
    var waiting = Array(start)
    while true {
      while let type = waiting.popLast() {
        let named = outgoing[type].filter { wired || !wiring.contains($0) }
          .map { Int(model.references[$0].to.index) }
        for next in named + [holders[type]].compactMap(\.self)
        where reached.insert(next).inserted { waiting.append(next) }
      }
      for (type, abstraction) in standingBehind(reached) where reached.insert(type).inserted {
        behind[type] = abstraction
        waiting.append(type)
      }
      if waiting.isEmpty { return (reached, behind) }
    }
  }

  /// Types that are wired and conform to what needed code names: they may be what it holds.
  private func standingBehind(_ reached: Set<Int>) -> [(type: Int, abstraction: Int)] {
    let wired = Set(wiring.map { Int(model.references[$0].to.index) })
    return model.references.compactMap { reference in
      let (type, abstraction) = (Int(reference.from.index), Int(reference.to.index))
      guard [.conformance, .inheritance].contains(reference.kind), wired.contains(type),
        !reached.contains(type), reached.contains(abstraction)
      else { return nil }
      return (type, abstraction)
    }
  }

  /// References of needed code outside of the service to a type, in the order of the sources.
  func uses(of type: Int, by needed: Set<Int>) -> [Reference] {
    model.references.indices.filter { index in
      let reference = model.references[index]
      let from = Int(reference.from.index)
      return Int(reference.to.index) == type && from != type && needed.contains(from)
        && !own.contains(from) && !wiring.contains(index)
    }.map { model.references[$0] }.sorted { $0.position < $1.position }
  }

  /// Types whose fate is told: the service's own, and what only it needs.
  func concerned(needed: Set<Int>) -> [Int] {
    own.union(today.subtracting(needed)).filter { !isTest[$0] }.sorted()
  }

  func isOwn(_ type: Int) -> Bool { own.contains(type) }
  func isOfTest(_ type: Int) -> Bool { isTest[type] }
}
