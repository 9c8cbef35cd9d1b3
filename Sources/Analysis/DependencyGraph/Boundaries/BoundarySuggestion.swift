// SPDX-License-Identifier: Apache-2.0

/// What an analysis concludes: services, the price of their borders, and the doubts. A plain value
/// that names types, files and tables by text, so that it can be stored and compared.
public struct BoundarySuggestion: Sendable, Equatable {
  /// Whether to split at all.
  public var verdict: Verdict
  /// Suggested services in the order in which to extract them.
  public var services: [Service]
  /// Qualified names of types that nearly everyone uses and that use no area themselves; they
  /// become a library that services share.
  public var sharedKernel: [String]
  /// Qualified names of types that wire the areas together and that nobody uses; each service gets
  /// its own.
  public var compositionRoots: [String]
  /// What is left of the monolith when all services have gone; nil where nothing is.
  public var remainder: Remainder?
  /// Code that serves nothing and that services use: libraries, and no services.
  public var modules: [CodeModule]
  /// Everything that crosses a suggested border; without these nothing does.
  public var cuts: [Cut]
  /// Pitfalls by severity, and by what they cost.
  public var findings: [LocatedFinding]
  /// How good the division is as a whole.
  public var quality: Quality
  /// What was read.
  public var coverage: Coverage
  /// What is not sure.
  public var doubts: Doubts
  /// Files that were read and declare no type of a service, in path order: wiring and the shared
  /// kernel.
  public var filesOfNoService: [String] = []
  /// Routes that no service answers and what remains does not either, by path and method: closures
  /// of the wiring, the shared kernel, modules. They stay where they are until somebody gives them
  /// to a service.
  public var routesOfNoService: [Service.Route] = []
}

extension BoundarySuggestion {
  /// Nothing was divided: everything is one piece, and there is no order and no border.
  package var isWhole: Bool { verdict.decision == .doNotSplit && quality.runs == 0 }
}

/// The answer to "should this be split?".
public struct Verdict: Sendable, Equatable {
  /// The two answers.
  public enum Decision: String, Sendable, Codable {
    case split
    case doNotSplit = "do-not-split"
  }
  /// The answer.
  public var decision: Decision
  /// The numbers that led to it, as a sentence.
  public var reason: String
}

/// A suggested service.
public struct Service: Sendable, Equatable {
  /// A type of the service.
  public struct Member: Sendable, Equatable {
    /// Name with the enclosing types.
    public var name: String
    /// Module that declares it.
    public var module: String
    /// Where its name stands.
    public var location: Location
    /// Share of the runs with noise in which it keeps its place: most of its service, or more of
    /// that than of any other, stands with it.
    public var stability: Double
  }
  /// Tables that the service uses.
  public struct Tables: Sendable, Equatable {
    /// Tables that this service should own.
    public var owned: [String]
    /// Tables that it uses and another service should own.
    public var shared: [String]
  }
  /// A route that a type of the service handles.
  public struct Route: Sendable, Equatable, Hashable {
    /// Upper-case method; `*` for any.
    public var method: String
    /// Path template; `{?}` for a part that the code computes.
    public var path: String
    /// Creates a route.
    public init(method: String, path: String) {
      self.method = method
      self.path = path
    }

    /// Whether all of its path is known.
    package var isRead: Bool { !path.contains(RouteRegistration.unread) }
  }
  /// A person who changed files of the service.
  public struct Author: Sendable, Equatable {
    /// Name, as the newest commit writes it.
    public var name: String
    /// Commits that changed files of the service, each counted once a file.
    public var changes: Int
    /// Team, where one was told.
    public var team: String?
    /// Creates an author.
    public init(name: String, changes: Int, team: String? = nil) {
      self.name = name
      self.changes = changes
      self.team = team
    }
  }
  /// Numbers from 0 to 1.
  public struct Scores: Sendable, Equatable {
    /// 2 i / (2 i + e) with i references inside the service and e across its border: high is good.
    public var cohesion: Double
    /// Part of the references that its types make which leave the service: low is good.
    public var coupling: Double
    /// Ce / (Ca + Ce) with Ce types outside that it uses and Ca types outside that use it.
    public var instability: Double
    /// Mean over the runs of the best Jaccard index with a community of the run: high is good.
    public var stability: Double
  }

  /// Unique name from the vocabulary of its types, routes, folders and tables.
  public var name: String
  /// Its types by qualified name.
  public var types: [Member]
  /// Files that declare its types, in path order.
  public var files: [String]
  /// Its tables, by name.
  public var tables: Tables
  /// Its routes by path and method.
  public var routes: [Route]
  /// Qualified names of its background jobs.
  public var jobs: [String]
  /// Who knows it: most changes first. Empty where version control was not read.
  public var authors: [Author] = []
  /// Its scores.
  public var scores: Scores
  /// What freeing it takes.
  public var effort = Effort()
  /// What has to be solved first.
  public var blockers = Blockers()
  /// Place in the order of extraction, from 1.
  public var order: Int
  /// Why it stands at this place, with numbers.
  public var reason: String
}

/// One reference, or one use of a foreign table, that crosses a suggested border.
public struct Cut: Sendable, Equatable {
  /// How the reference can be replaced.
  public enum Seam: String, Sendable, Codable, CaseIterable {
    /// Call the other service over its API.
    case apiCall = "api-call"
    /// Publish an event that the other service consumes.
    case event
    /// Move the type, or the member that is used, to the side that uses it.
    case moveType = "move-type"
    /// Give each side its own part of the table.
    case splitTable = "split-table"
    /// Copy the type or the value: each side keeps its own.
    case copy
    /// Nothing to ask: the service makes an instance of its own of what it merely holds.
    case ownInstance = "own-instance"
  }
  /// What says that there is something to cut.
  public enum Evidence: String, Sendable, Codable {
    /// Only the name of a member.
    case name
    /// The syntax of the sources.
    case syntax
    /// The compiler's index, made without dependencies.
    case compilerIndex
    /// The index of a build.
    case buildIndex
  }
  /// What crosses.
  public enum Kind: Sendable, Equatable {
    case reference(Reference.Kind)
    case table(TableUse.Access)

    /// Name in reports: the reference's kind, or `table-reads`, `table-writes`, `table-maps`.
    public var name: String {
      switch self {
      case .reference(let kind): kind.rawValue
      case .table(let access): "table-" + access.rawValue
      }
    }
  }

  /// Service whose code holds the reference.
  public var fromService: String
  /// Service that owns what is referred to.
  public var toService: String
  /// Qualified name of the type whose code holds the reference.
  public var fromType: String
  /// Qualified name of the type, or name of the table, that is referred to.
  public var target: String
  /// Where.
  public var location: Location
  /// The name as written at the place, or the table.
  public var symbol: String
  /// What crosses.
  public var kind: Kind
  /// How to replace it.
  public var seam: Seam
  /// What says so.
  public var evidence = Evidence.syntax
}

extension Cut.Seam {
  /// What people read.
  package var title: String {
    switch self {
    case .apiCall: "API call"
    case .event: "event"
    case .moveType: "move type"
    case .splitTable: "split table"
    case .copy: "copy"
    case .ownInstance: "own instance"
    }
  }
}

extension Cut.Evidence {
  init(of reference: Reference) {
    self =
      switch reference.tier {
      case .syntax: reference.isByNameAlone ? .name : .syntax
      case .compilerIndex: .compilerIndex
      case .buildIndex: .buildIndex
      }
  }
}

/// A place in a file; lines and UTF-8 columns count from 1.
public struct Location: Sendable, Hashable, Comparable {
  /// Path relative to the analysed folder.
  public var file: String
  /// Line.
  public var line: Int
  /// Column in UTF-8 bytes.
  public var column: Int
  /// Creates a place.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
  /// Orders by file, line, column.
  public static func < (left: Location, right: Location) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}

/// A finding with its places by path.
public struct LocatedFinding: Sendable, Equatable {
  /// Stable identifier such as `god-type`.
  public var id: String
  /// How bad.
  public var severity: Finding.Severity
  /// One sentence with numbers.
  public var message: String
  /// Places, most telling first.
  public var locations: [Location]
  /// What it costs, about, in points of effort.
  public var weight = 0.0
}

/// Numbers about the division as a whole.
public struct Quality: Sendable, Equatable {
  /// Modularity of the damped reference graph under the division, at resolution 1.
  public var modularity: Double
  /// Mean adjusted Rand index between the division and the runs, at most 1.
  public var stability: Double
  /// Resolution of the runs.
  public var gamma: Double
  /// Number of services.
  public var services: Int
  /// Runs that stability was measured with; 0 where everything is kept whole.
  public var runs: Int
  /// Part of the separable types that stand in the folder that their service is like; of folders
  /// and services that are alike in half of both.
  public var folderShare: Double
  /// Adjusted Rand index with the division that does not know the folders; nil where the borders
  /// do not repeat the folders, or nothing was divided.
  public var likenessWithoutFolders: Double?
  /// References between types of services; those to the shared kernel are not among them.
  public var references: Int
  /// Those of them that cross a border.
  public var crossingReferences: Int
}

/// What the analysis saw.
public struct Coverage: Sendable, Equatable {
  /// Files read.
  public var files: Int
  /// Lines read.
  public var lines: Int
  /// Types found.
  public var types: Int
  /// Files that did not parse.
  public var parseFailures: Int
  /// Files that were left out, wholly or in part: unreadable, too large, nested too deeply.
  public var leftOut = 0
  /// References found by each tier of evidence, in the order of the tiers; tiers without any are
  /// left out.
  public var tiers: [Tier]

  /// References of one tier.
  public struct Tier: Sendable, Equatable {
    /// The tier.
    public var name: Reference.Tier
    /// References it found.
    public var references: Int
  }
}
