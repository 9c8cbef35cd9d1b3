// SPDX-License-Identifier: Apache-2.0

/// The facts of a code model lifted from types to units, each list in a stable order.
struct UnitFacts: Sendable {
  /// All references from one unit to another, as one link.
  struct Link: Sendable {
    var from: Int
    var to: Int
    /// Sum over kinds of `kind weight * (1 + ln count)`.
    var weight: Double
  }

  /// Something that units share: a table, a resource, a folder, a word.
  struct Evidence: Sendable {
    var identity: String
    var holders: [(unit: Int, weight: Double)]
  }

  let units: CodeUnits
  let references: [Link]
  let tables: [Evidence]
  let routes: [Evidence]
  let folders: [Evidence]
  let names: [Evidence]
  let changes: [Evidence]
  /// How much of the code common changes tell about, from 0 to 1: a single pair of files must not
  /// weigh as much as a history of all.
  let changeCoverage: Double
  /// Folders that cut across the references, by path: layers, which tell no area.
  let layers: [String]

  init(_ model: CodeModel) {
    units = CodeUnits(model)
    references = Self.links(model, units)
    tables = Self.tables(model, units)
    routes = Self.routes(model, units)
    let folders = LayerFolders(Self.folders(model, units), references, unitCount: units.count)
    self.folders = folders.areas
    layers = folders.layers
    names = Self.names(model, units)
    (changes, changeCoverage) = Self.changes(model, units)
  }

  private static func links(_ model: CodeModel, _ units: CodeUnits) -> [Link] {
    var keys: [Int64] = []
    keys.reserveCapacity(model.references.count)
    for reference in model.references {
      let (from, to) = (units[reference.from], units[reference.to])
      guard from != to else { continue }
      keys.append(Int64(from) << 35 | Int64(to) << 4 | Int64(kindNumber(reference.kind)))
    }
    keys.sort()
    var links: [Link] = []
    var start = 0
    while start < keys.count {
      let key = keys[start]
      var end = start + 1
      while end < keys.count, keys[end] == key { end += 1 }
      let (from, to) = (Int(key >> 35), Int(key >> 4 & 0x7FFF_FFFF))
      let kind = Reference.Kind.allCases[Int(key & 0xF)]
      let count = end - start
      let weight = SignalWeights.weight(of: kind) * (1 + naturalLogarithm(Double(count)))
      if let last = links.last, last.from == from, last.to == to {
        links[links.count - 1].weight += weight
      } else {
        links.append(Link(from: from, to: to, weight: weight))
      }
      start = end
    }
    return links
  }

  private static func kindNumber(_ kind: Reference.Kind) -> Int {
    switch kind {
    case .inheritance: 0
    case .conformance: 1
    case .storedProperty: 2
    case .construction: 3
    case .call: 4
    case .signature: 5
    case .typeUse: 6
    case .global: 7
    }
  }

  private static func tables(_ model: CodeModel, _ units: CodeUnits) -> [Evidence] {
    var holders = Holders(prefix: "table ")
    for use in model.tableUses + model.calledUses {
      holders.add(use.table, units[use.type], SignalWeights.weight(of: use.access))
    }
    return holders.evidence
  }

  private static func routes(_ model: CodeModel, _ units: CodeUnits) -> [Evidence] {
    var holders = Holders(prefix: "route ")
    for route in model.routes {
      guard let resource = Vocabulary.resource(ofRoute: route.path) else { continue }
      holders.add(resource, units[route.handler], 1)
    }
    return holders.evidence
  }

  /// Each folder above a file, but for those whose own name tells a role and not an area.
  private static func folders(_ model: CodeModel, _ units: CodeUnits) -> [Evidence] {
    var holders = Holders(prefix: "folder ")
    var known: [String: Bool] = [:]
    for (index, unit) in units.units.enumerated() {
      var path = ""
      for folder in model.files[Int(unit.file.index)].path.split(separator: "/").dropLast() {
        path += "/" + folder
        let namesAnArea = known[path] ?? !Vocabulary.businessWords(in: folder).isEmpty
        known[path] = namesAnArea
        if namesAnArea { holders.add(path, index, 1) }
      }
    }
    return holders.evidence
  }

  private static func names(_ model: CodeModel, _ units: CodeUnits) -> [Evidence] {
    var holders = Holders(prefix: "word ")
    for (index, unit) in units.units.enumerated() {
      for word in Set(Vocabulary.businessWords(in: unit.displayName(model))).sorted() {
        holders.add(Vocabulary.stem(word), index, 1)
      }
    }
    return holders.evidence
  }

  /// Each pair of files that change together. All units of both files share it, the more the more
  /// often and the smaller the commits.
  private static func changes(
    _ model: CodeModel, _ units: CodeUnits
  ) -> ([Evidence], coverage: Double) {
    guard let history = model.history else { return ([], 0) }
    var unitsOfFile: [FileID: [Int]] = [:]
    for (index, unit) in units.units.enumerated() {
      unitsOfFile[unit.file, default: []].append(index)
    }
    func path(_ file: FileID) -> String { model.files[Int(file.index)].path }
    var told = [Double](repeating: 0, count: units.count)
    let evidence = history.coChanges.map { pair in
      let holders = (unitsOfFile[pair.first] ?? []) + (unitsOfFile[pair.second] ?? [])
      for unit in holders { told[unit] = max(told[unit], pair.strength) }
      return Evidence(
        identity: "changes " + path(pair.first) + " " + path(pair.second),
        holders: holders.sorted().map { ($0, pair.weight * pair.degree * pair.strength) })
    }
    return (evidence, told.reduce(0, +) / Double(max(1, told.count)))
  }

  /// Collects evidence; repeated use of the same thing by one unit counts by its logarithm.
  private struct Holders {
    let prefix: String
    private var sums: [String: [Int: (weight: Double, count: Int)]] = [:]

    init(prefix: String) { self.prefix = prefix }

    mutating func add(_ name: String, _ unit: Int, _ weight: Double) {
      guard weight > 0 else { return }
      let old = sums[name]?[unit] ?? (0, 0)
      sums[name, default: [:]][unit] = (max(old.weight, weight), old.count + 1)
    }

    var evidence: [Evidence] {
      sums.sorted { $0.key < $1.key }.map { name, units in
        Evidence(
          identity: prefix + name,
          holders: units.sorted { $0.key < $1.key }.map { unit, sum in
            (unit, sum.weight * (1 + naturalLogarithm(Double(sum.count))))
          })
      }
    }
  }
}

extension CodeUnits.Unit {
  /// Name of the outermost type; the file's name for top-level functions.
  func displayName(_ model: CodeModel) -> String {
    let type = model.types[Int(types[0].index)]
    guard type.kind == .fileScope else { return type.name }
    let file = model.files[Int(file.index)].path.split(separator: "/").last ?? ""
    return String(file.split(separator: ".").first ?? "")
  }
}
