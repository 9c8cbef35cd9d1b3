// SPDX-License-Identifier: Apache-2.0

/// Names services. Where a folder holds a service and little else, the folder's name is what the
/// team calls it, and the resource that most of its routes answer is what its callers do; else the
/// words that are frequent inside and rare outside name it, in the form in which routes and tables
/// spell them.
enum ServiceNames {
  /// Part of a service's routes below one resource, and of the resource's routes in the service,
  /// from which the resource names the service.
  private static let leastRoutes = 0.5
  /// What everything is called that is not divided and has no module of most of it.
  static let whole = "whole"

  private static let weights = (route: 4.0, table: 3.0, folder: 1.5, type: 1.0)
  /// Jaccard index of a folder's and a service's units from which the folder names the service.
  private static let leastOverlap = 0.5

  static func choose(
    _ model: CodeModel, _ facts: UnitFacts, _ assignment: ServiceAssignment
  ) -> [String] {
    var words = WordCounts(services: assignment.serviceCount)
    for route in model.routes {
      guard let service = assignment[route.handler],
        let resource = Vocabulary.resource(ofRoute: route.path)
      else { continue }
      words.add(resource, service, weights.route, spelledByInterface: true)
    }
    for (table, owner) in assignment.ownerOfTable.sorted(by: { $0.key < $1.key }) {
      words.add(table, owner, weights.table, spelledByInterface: true)
    }
    for unit in facts.units.units {
      guard let service = assignment[unit.types[0]] else { continue }
      words.add(unit.displayName(model), service, weights.type)
      let path = model.files[Int(unit.file.index)].path.split(separator: "/").dropLast()
      if let folder = path.last {
        words.add(folder, service, weights.folder, isTrusted: true)
      }
    }
    let modules = moduleNames(model, facts, assignment)
    if assignment.serviceCount == 1, assignment.remainder == nil {
      return modules.map { $0.share > 0.5 ? $0.name : whole }
    }
    let folders = folderNames(facts, assignment)
    let resources = resourceNames(model, assignment)
    var names = words.uniqueNames(
      preferring: modules.indices.map { [folders[$0], resources[$0]].compactMap(\.self) },
      else: modules.map(\.name))
    if let remainder = assignment.remainder {
      names[remainder] = ""
      let taken = names.contains(Remainder.defaultName)
      names[remainder] = Remainder.defaultName + (taken ? "-rest" : "")
    }
    return names
  }

  /// What a group of types is called that is no service: the word that most of their names share,
  /// with the target that they stand in.
  static func moduleName(_ model: CodeModel, _ facts: UnitFacts, _ units: [Int]) -> String {
    var words: [String: Int] = [:]
    var modules: [String: Int] = [:]
    for unit in units {
      let unit = facts.units.units[unit]
      modules[model.files[Int(unit.file.index)].module, default: 0] += 1
      for word in Set(Vocabulary.businessWords(in: unit.displayName(model)))
      where Vocabulary.mayName(word) {
        words[word, default: 0] += 1
      }
    }
    func most(_ counts: [String: Int]) -> String? {
      counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
    return [most(modules), most(words)].compactMap(\.self).joined(separator: "/")
  }

  /// A name with how clear it is, 0...1.
  typealias Candidate = (name: String, clarity: Double)

  /// For each service the module that most of its units stand in, in the words of a name, with its
  /// share of them.
  private static func moduleNames(
    _ model: CodeModel, _ facts: UnitFacts, _ assignment: ServiceAssignment
  ) -> [(name: String, share: Double)] {
    var counts = [[String: Int]](repeating: [:], count: assignment.serviceCount)
    for unit in facts.units.units {
      guard let service = assignment[unit.types[0]] else { continue }
      counts[service][model.files[Int(unit.file.index)].module, default: 0] += 1
    }
    return counts.map { modules in
      let most = modules.max { ($0.value, $1.key) < ($1.value, $0.key) }
      let words = Vocabulary.words(in: most?.key ?? "").joined(separator: "-")
      let all = modules.values.reduce(0, +)
      return (words.isEmpty ? "service" : words, Double(most?.value ?? 0) / Double(max(1, all)))
    }
  }

  /// For each service the resource that most of its routes answer and that most of whose routes are
  /// its own, if there is one.
  private static func resourceNames(
    _ model: CodeModel, _ assignment: ServiceAssignment
  ) -> [Int: Candidate] {
    var routes: [Int: Int] = [:]
    var ofResource: [String: [Int: Int]] = [:]
    for route in model.routes where !OperationalRoutes.tells(method: route.method, path: route.path)
    {
      guard let service = assignment[route.handler] else { continue }
      routes[service, default: 0] += 1
      if let resource = Vocabulary.resource(ofRoute: route.path) {
        ofResource[resource, default: [:]][service, default: 0] += 1
      }
    }
    var best: [Int: Candidate] = [:]
    for (resource, services) in ofResource.sorted(by: { $0.key < $1.key }) {
      let words = Vocabulary.words(in: resource)
      guard words.contains(where: { !Vocabulary.roleWords.contains($0) && Vocabulary.mayName($0) })
      else { continue }
      let all = Double(services.values.reduce(0, +))
      for (service, count) in services {
        let ofService = Double(count) / Double(routes[service] ?? count)
        let clarity = min(ofService, Double(count) / all)
        if clarity >= leastRoutes, clarity > best[service]?.clarity ?? 0 {
          best[service] = (words.joined(separator: "-"), clarity)
        }
      }
    }
    return best
  }

  /// For each service the name of the folder that matches it best, if one does well enough.
  private static func folderNames(
    _ facts: UnitFacts, _ assignment: ServiceAssignment
  ) -> [Int: Candidate] {
    let services = facts.units.units.map { assignment[$0.types[0]] }
    var sizes = [Int](repeating: 0, count: assignment.serviceCount)
    for service in services { if let service { sizes[service] += 1 } }
    var best: [Int: Candidate] = [:]
    for folder in facts.folders {
      var common: [Int: Int] = [:]
      var size = 0
      for holder in folder.holders {
        guard let service = services[holder.unit] else { continue }
        common[service, default: 0] += 1
        size += 1
      }
      let words = Vocabulary.words(in: folder.identity.split(separator: "/").last ?? "")
      for (service, count) in common {
        let overlap = Double(count) / Double(size + sizes[service] - count)
        guard overlap >= leastOverlap, words.contains(where: Vocabulary.mayName),
          overlap > best[service]?.clarity ?? 0
        else { continue }
        best[service] = (words.joined(separator: "-"), overlap)
      }
    }
    return best
  }
}

private struct WordCounts {
  private var scores: [[String: Double]]
  private var totals: [Double]
  /// Spellings of a stem with their weights; those of routes and tables win.
  private var spellings: [String: [String: Double]] = [:]
  /// Names of types that hold a stem.
  private var typeNames: [String: Int] = [:]
  /// Stems of folders, routes and tables.
  private var trusted: Set<String> = []

  /// Names of types that must hold a word which no folder, route or table holds: a word that stands
  /// once is as often an adverb as a thing.
  private static let leastTypeNames = 2

  init(services: Int) {
    scores = [[String: Double]](repeating: [:], count: services)
    totals = [Double](repeating: 0, count: services)
  }

  mutating func add(
    _ name: some StringProtocol, _ service: Int, _ weight: Double,
    spelledByInterface: Bool = false, isTrusted: Bool = false
  ) {
    let words = Vocabulary.businessWords(in: name).filter(Vocabulary.mayName)
    for stem in Set(words.map(Vocabulary.stem)) {
      if spelledByInterface || isTrusted {
        trusted.insert(stem)
      } else {
        typeNames[stem, default: 0] += 1
      }
    }
    for (index, word) in words.enumerated() {
      // The first word of a compound names the area: `OrderShipment` is about orders.
      let share = weight / Double(index + 1)
      scores[service][Vocabulary.stem(word), default: 0] += share
      totals[service] += share
      spellings[Vocabulary.stem(word), default: [:]][word, default: 0] +=
        spelledByInterface ? 100 * share : share
    }
  }

  /// The first free one of the preferred names or else the best free word for each service,
  /// services with a clear name first.
  func uniqueNames(
    preferring preferred: [[ServiceNames.Candidate]], else modules: [String]
  ) -> [String] {
    var rarity: [String: Double] = [:]
    for service in scores.indices {
      for (stem, score) in scores[service] { rarity[stem, default: 0] += score / totals[service] }
    }
    let ranked = scores.indices.map { service in
      scores[service].filter { isName($0.key) }.map { stem, score in
        let share = score / totals[service]
        return (stem: stem, score: share * share / (rarity[stem] ?? 1))
      }.sorted { ($1.score, $0.stem) < ($0.score, $1.stem) }
    }
    func clarity(_ service: Int) -> Double {
      // Words score at most 1, so folders and resources come first.
      preferred[service].first.map { 1 + $0.clarity } ?? ranked[service].first?.score ?? 0
    }
    let order = ranked.indices.sorted { (clarity($1), $0) < (clarity($0), $1) }
    var names = [String](repeating: "", count: scores.count)
    var taken: Set<String> = []
    // Numbers below have been given away for each name, and stay so.
    var numbers: [String: Int] = [:]
    for service in order {
      if let name = preferred[service].first(where: { !taken.contains($0.name) })?.name {
        taken.insert(name)
        names[service] = name
        continue
      }
      let free = ranked[service].first { !taken.contains(spelling($0.stem)) }
      var name = free.map { spelling($0.stem) } ?? modules[service]
      if !taken.insert(name).inserted {
        let stem = name
        var number = numbers[stem] ?? 2
        while !taken.insert("\(stem)-\(number)").inserted { number += 1 }
        numbers[stem] = number + 1
        name = "\(stem)-\(number)"
      }
      names[service] = name
    }
    return names
  }

  private func isName(_ stem: String) -> Bool {
    trusted.contains(stem)
      || (typeNames[stem, default: 0] >= Self.leastTypeNames
        && !Vocabulary.technicalWords.contains(stem))
  }

  private func spelling(_ stem: String) -> String {
    spellings[stem]?.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? stem
  }
}
