// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

/// What makes a program an application and no tool with an interface: half of its code is near what
/// it serves, or it serves a lot for its size, or it answers from its data.
@Suite struct ApplicationRuleTests {
  /// A program whose code is far from its handlers: each of these stands on a chain of its own,
  /// handler, service, store, and the rest of the types use each other alone.
  ///
  /// - Parameters:
  ///   - storing: handlers whose store uses the table of the same number.
  ///   - elsewhere: tables that only the rest uses.
  private static func program(
    handlers: Int, storing: Int, elsewhere: Int = 0, rest: Int = 200, sharing: Bool = false
  ) -> ServedCode.Program? {
    var builder = ModelBuilder()
    for index in 0..<handlers {
      for part in ["Handler", "Service", "Store"] {
        builder.type("\(part)\(index)", folder: "App/\(part)s")
      }
      builder.route("GET", "/things\(index)", "Handler\(index)")
      builder.refer("Handler\(index)", "Service\(index)", .storedProperty)
      builder.refer("Service\(index)", "Store\(index)", .storedProperty)
      if index < storing {
        builder.table(sharing ? "state" : "things\(index)", .reads, by: "Store\(index)")
      }
    }
    for index in 0..<rest {
      builder.type("Part\(index)", folder: "App/Parts")
      if index > 0 { builder.refer("Part\(index)", "Part\(index - 1)", .call) }
      if index < elsewhere { builder.table("parts\(index)", .writes, by: "Part\(index)") }
    }
    builder.type("Schema", folder: "App")
    for index in 0..<handlers { builder.table("things\(index)", .defines, by: "Schema") }
    let model = builder.model.canonical()
    return ServedCode(model, UnitFacts(model)).programs.first
  }

  @Test func `who answers from data is an application, however much code there is beside`() throws {
    let found = try #require(Self.program(handlers: 4, storing: 4))
    #expect(found.share < ServedCode.leastShare && found.units > 4 * ServedCode.mostUnits)
    #expect(found.storing == 4 && found.tables == 4 && found.servedTables == 4)
    #expect(found.isApplication && found.isDividable)
  }

  @Test(arguments: [(0, false), (1, false), (2, true), (3, true), (4, true)])
  func `half of what answers has to keep data`(storing: Int, isApplication: Bool) throws {
    let found = try #require(Self.program(handlers: 4, storing: storing))
    #expect(found.storing == storing && found.isApplication == isApplication)
  }

  @Test(arguments: [(0, true), (3, true), (4, true), (5, false), (40, false)])
  func `half of the data has to be near what answers`(elsewhere: Int, isApplication: Bool) throws {
    let found = try #require(Self.program(handlers: 4, storing: 4, elsewhere: elsewhere))
    #expect(found.tables == 4 + elsewhere && found.servedTables == 4)
    #expect(found.isApplication == isApplication)
  }

  @Test func `handlers that show a single table are the interface of a tool`() throws {
    let found = try #require(Self.program(handlers: 4, storing: 4, sharing: true))
    #expect(found.storing == 4 && found.servedTables == 1 && !found.isApplication)
    #expect(
      found.sentence
        == "App has 4 routes in 4 types: 6 % of its 213 separable types and 1 of 1 table are near "
        + "them, 4 of the 4 with data, so they are the interface of a program and not what it is "
        + "there for.")
  }

  @Test(arguments: [(67, true), (68, false)])
  func `twenty types for each that answers are few enough without data`(
    rest: Int, isApplication: Bool
  ) throws {
    let found = try #require(Self.program(handlers: 4, storing: 0, rest: rest))
    #expect(found.units == rest + 13)
    #expect(found.isApplication == isApplication)
    #expect(found.share < ServedCode.leastShare)
  }

  @Test(arguments: [(100, true), (99, false)])
  func `half of the code near what answers is enough without data`(
    reached: Int, isApplication: Bool
  ) throws {
    var found = try #require(Self.program(handlers: 4, storing: 0))
    (found.units, found.reached) = (200, reached)
    #expect(found.isApplication == isApplication)
  }
}
