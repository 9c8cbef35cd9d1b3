// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct ServiceScaleTests {
  /// Areas of types that refer to each other in a line, so many times a link.
  private struct Code {
    var builder = ModelBuilder()

    mutating func area(_ name: String, types: Int, times: Int = 1) {
      for number in 0..<types { builder.type(Self.name(name, number), folder: name) }
      for number in 1..<types {
        builder.refer(Self.name(name, number - 1), Self.name(name, number), .call, times: times)
      }
    }

    mutating func refer(_ from: String, _ to: String, times: Int = 1) {
      builder.refer(Self.name(from, 0), Self.name(to, 0), .call, times: times)
    }

    static func name(_ area: String, _ number: Int) -> String { "\(area)\(100 + number)" }

    /// Each area a service, in order of their names.
    func joined() -> (result: ServiceScale.Result, areas: [String]) {
      let model = builder.model.canonical()
      let facts = UnitFacts(model)
      let areas = facts.units.units.map { String(model.displayName($0.types[0]).dropLast(3)) }
      let names = Set(areas).sorted()
      let scale = ServiceScale(
        model, facts, SignalWeights(), isMember: areas.map { _ in true })
      return (scale.joined(areas.map { names.firstIndex(of: $0) }), areas)
    }

    /// Areas that are one service, joined by `+`.
    func services() -> Set<String> {
      let (result, areas) = joined()
      let parts = Dictionary(grouping: areas.indices) { result.services[$0] ?? -1 }
      return Set(parts.values.map { Set($0.map { areas[$0] }).sorted().joined(separator: "+") })
    }
  }

  @Test func `areas that chance does not explain are one service`() {
    var code = Code()
    for area in ["A", "B", "C", "D"] { code.area(area, types: 6, times: 3) }
    code.refer("C", "D")
    #expect(code.services() == ["A", "B", "C", "D"])
    for number in 1..<6 {
      code.builder.refer(Code.name("A", number), Code.name("B", number), .construction, times: 8)
      code.builder.refer(Code.name("B", number), Code.name("A", number), .construction, times: 8)
    }
    #expect(code.services() == ["A+B", "C", "D"])
  }

  private static func tangled() -> Code {
    var code = Code()
    let tangled = ["A", "B", "C", "D", "E", "F"]
    for area in tangled { code.area(area, types: 4) }
    for from in tangled { for to in tangled where from != to { code.refer(from, to) } }
    for area in ["X", "Y"] {
      code.area(area, types: 6, times: 2)
      code.refer(area, "A")
    }
    return code
  }

  @Test func `areas whose borders hold only together stay with the monolith in one piece`() {
    let code = Self.tangled()
    #expect(code.services() == ["A+B+C+D+E+F", "X", "Y"])
    let (result, areas) = code.joined()
    #expect(result.core != nil)
    #expect(
      Set(areas.indices.filter { result.services[$0] == result.core }.map { areas[$0] })
        == ["A", "B", "C", "D", "E", "F"])
    #expect(result.joinedNumbers == [0, 1, 2, 3, 4, 5])
  }

  @Test func `a single border that does not hold is left to the report`() {
    var code = Code()
    for area in ["A", "B", "C"] { code.area(area, types: 6, times: 2) }
    code.area("Small", types: 6)
    for area in ["A", "B", "C"] { code.refer(area, "Small", times: 2) }
    #expect(code.services() == ["A", "B", "C", "Small"])
  }

  @Test func `nobody runs more than fifty of one program`() {
    var code = Code()
    code.area("Large", types: 150)
    code.area("Other", types: 40)
    code.area("Tiny", types: 3, times: 4)
    code.refer("Tiny", "Other")
    code.refer("Other", "Large")
    #expect(code.services() == ["Large", "Other+Tiny"])
  }

  @Test func `what would be reported as too small is no service`() {
    var code = Code()
    for area in ["A", "B"] { code.area(area, types: 8, times: 2) }
    code.area("Nano", types: 5, times: 2)
    code.refer("Nano", "B")
    #expect(code.services() == ["A", "B+Nano"])
  }

  @Test func `what crosses is counted as reports count it`() {
    let code = Self.tangled()
    let model = code.builder.model.canonical()
    let facts = UnitFacts(model)
    let services = facts.units.units.map { unit -> Int? in
      ["A", "B", "X"].firstIndex(of: String(model.displayName(unit.types[0]).dropLast(3)))
    }
    let borders = ServiceBorders(model, facts, services)
    #expect(borders.inner == [0: 3, 1: 3, 2: 10])
    #expect(borders.between == [0: [1: 2, 2: 1], 1: [0: 2], 2: [0: 1]])
    #expect(borders.unready.isEmpty)
    #expect(borders.leans(0, on: [1]) && !borders.leans(2, on: [1]))
    #expect(borders.holds([0, 1]))
  }

  @Test func `runs are joined as services are`() {
    let runs = ResampledRuns(
      partitions: [Partition([0, 0, 1, 1, 2, 2]), Partition([0, 1, 1, 1, 2, 2])])
    // Services 0 and 1 have become one; 2 has not, and unit 5 is of none.
    let joined = runs.joining([0, 0, 1, 1, 2, nil], numbers: [0, 1]) { $0 == 2 ? 2 : 0 }
    #expect(joined.partitions.map(\.labels) == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]])
    #expect(runs.joining([0, 0, 1, 1, 2, 2], numbers: []) { $0 }.partitions == runs.partitions)
  }
}
