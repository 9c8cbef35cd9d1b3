// SPDX-License-Identifier: Apache-2.0

extension Service {
  /// What it takes to free a service, counted and not guessed: no days, because nobody knows how
  /// fast a team is.
  public struct Effort: Sendable, Equatable {
    /// How the counts compare.
    public enum Size: String, Sendable, Codable {
      case small, medium, large
    }
    /// Places that cross its border, in both directions.
    public var places = 0
    /// Files that hold them.
    public var files = 0
    /// Different things to design: one for each symbol of another service that is called or that
    /// is told of by an event, and the same the other way round.
    public var contracts = 0
    /// Tables that both sides of its border use.
    public var tables = 0
    /// Transactions across services that it takes part in: each becomes a saga, with a step and its
    /// compensation in this service.
    public var transactions = 0
    /// The fewest edits that free it.
    public var smallestEdit = SmallestEdit()

    /// `contracts + 5 tables + 8 transactions + places / 10`: designing costs more than replacing,
    /// and a saga most.
    public var points: Int {
      contracts + Self.tablePoints * tables + Self.transactionPoints * transactions
        + places / Self.placesPerPoint
    }
    /// What the points amount to.
    public var size: Size {
      points <= Self.mostOfSmall ? .small : points <= Self.mostOfMedium ? .medium : .large
    }

    /// Points of one table that both sides use.
    package static let tablePoints = 5
    /// Points of one transaction across services, for each service in it.
    package static let transactionPoints = 8
    /// Places to change that make one point.
    package static let placesPerPoint = 10
    private static let mostOfSmall = 10
    private static let mostOfMedium = 40
  }

  /// The fewest edits after which nothing crosses the border of one service: some types change the
  /// side, the references that are left are cut. An edit is one type moved or one place changed.
  /// What handles routes, runs jobs or maps tables stays on its side, and tables keep their owners.
  public struct SmallestEdit: Sendable, Equatable {
    /// A type that changes the side, together with the types nested in it.
    public struct Move: Sendable, Equatable {
      /// Qualified name of the outermost type.
      public var type: String
      /// Service that has it now.
      public var from: String
      /// Service that gets it.
      public var to: String
    }
    /// A place to change after the moves.
    public struct Place: Sendable, Equatable {
      /// Where.
      public var location: Location
      /// The name as written at the place, or the table.
      public var symbol: String
      /// What crosses.
      public var kind: Cut.Kind
    }
    /// Types to move, by name.
    public var moves: [Move] = []
    /// Places to change, in order of place.
    public var places: [Place] = []
    /// Moves and changed places together.
    public var edits: Int { moves.count + places.count }
  }
}
