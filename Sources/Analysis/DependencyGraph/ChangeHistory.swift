// SPDX-License-Identifier: Apache-2.0

/// What version control tells about the files of a model: which change together, and by whom.
public struct ChangeHistory: Sendable, Equatable {
  /// Commits that changed files of the model, without merges, bots and commits that touch very many
  /// files.
  public var commits: Int
  /// Pairs of files that change together often enough to mean something, sorted by both files.
  public var coChanges: [CoChange]
  /// Who changed which file how often: by file, then most changes first, then by name.
  public var authorship: [Authorship]

  /// Creates a history; the lists are expected to be in the order their documentation gives.
  public init(commits: Int = 0, coChanges: [CoChange] = [], authorship: [Authorship] = []) {
    self.commits = commits
    self.coChanges = coChanges
    self.authorship = authorship
  }

  /// Two files that change together.
  public struct CoChange: Sendable, Equatable {
    /// The file that stands first in the model.
    public var first: FileID
    /// The other file.
    public var second: FileID
    /// Commits that changed both.
    public var shared: Int
    /// `shared` in relation to the mean number of commits of both files, from 0 to 1.
    public var degree: Double
    /// Sum over the shared commits of 1 / (files in the commit - 1): small commits say more.
    public var weight: Double
    /// How far it tells that both belong together, from 0 to 1. Grows steadily with each common
    /// commit and with their part of all, so that no single commit decides.
    package var strength: Double {
      let commits = Double(shared * shared)
      let part = (degree - Self.leastDegree) / (Self.firmDegree - Self.leastDegree)
      return commits / (commits + Self.halfway) * min(1, max(0, part))
    }
    /// Part of the commits of both from which common ones tell anything, and from which all.
    package static let leastDegree = 0.15
    private static let firmDegree = 0.45
    /// Square of the common commits that say half as much as very many.
    private static let halfway = 16.0
    /// Creates a pair.
    public init(first: FileID, second: FileID, shared: Int, degree: Double, weight: Double) {
      self.first = first
      self.second = second
      self.shared = shared
      self.degree = degree
      self.weight = weight
    }
  }

  /// One person's part in one file.
  public struct Authorship: Sendable, Equatable {
    /// The file.
    public var file: FileID
    /// The name as the newest commit with the same address writes it.
    public var author: String
    /// Commits of this person that changed the file.
    public var changes: Int
    /// Creates a part.
    public init(file: FileID, author: String, changes: Int) {
      self.file = file
      self.author = author
      self.changes = changes
    }
  }
}

extension ChangeHistory {
  /// Commits below which nothing is known of who works on a code base.
  private static let leastCommits = 50
  private static let mostShare = 0.9

  /// People who make nine of ten changes, as few as possible; nil where too little is known.
  package var mostChanges: Int? {
    guard commits >= Self.leastCommits else { return nil }
    var changes: [String: Int] = [:]
    for part in authorship { changes[part.author, default: 0] += part.changes }
    let needed = Self.mostShare * Double(changes.values.reduce(0, +))
    var (people, made) = (0, 0)
    for count in changes.values.sorted(by: >) where Double(made) < needed {
      people += 1
      made += count
    }
    return people == 0 ? nil : people
  }
}

extension BoundarySuggestion {
  /// The same with the team of each author who is a member of one.
  ///
  /// - Parameter teams: team of each member by name.
  package func telling(teams: [String: String]) -> BoundarySuggestion {
    var suggestion = self
    for service in services.indices {
      for author in services[service].authors.indices {
        suggestion.services[service].authors[author].team =
          teams[services[service].authors[author].name]
      }
    }
    return suggestion
  }
}

extension Service {
  /// Teams by their share of the changes of people who are in one, most first.
  package var teams: [(name: String, changes: Int)] {
    var sums: [String: Int] = [:]
    for author in authors { if let team = author.team { sums[team, default: 0] += author.changes } }
    return sums.map { (name: $0.key, changes: $0.value) }
      .sorted { ($1.changes, $0.name) < ($0.changes, $1.name) }
  }
}

extension ChangeHistory {
  /// Authors of a set of files with the number of changes to them, most first, then by name.
  public func authors(of files: Set<FileID>) -> [(name: String, changes: Int)] {
    var sums: [String: Int] = [:]
    for part in authorship where files.contains(part.file) {
      sums[part.author, default: 0] += part.changes
    }
    return sums.map { (name: $0.key, changes: $0.value) }
      .sorted { $0.changes != $1.changes ? $0.changes > $1.changes : $0.name < $1.name }
  }

  /// The same history with other numbers for the files, in the documented order.
  func renumbered(_ number: (FileID) -> FileID) -> ChangeHistory {
    let pairs = coChanges.map { pair in
      let (one, other) = (number(pair.first), number(pair.second))
      return CoChange(
        first: min(one, other), second: max(one, other), shared: pair.shared, degree: pair.degree,
        weight: pair.weight)
    }
    let parts = authorship.map {
      Authorship(file: number($0.file), author: $0.author, changes: $0.changes)
    }
    return ChangeHistory(
      commits: commits, coChanges: pairs.sorted { ($0.first, $0.second) < ($1.first, $1.second) },
      authorship: parts.sorted {
        ($0.file, -$0.changes, $0.author) < ($1.file, -$1.changes, $1.author)
      })
  }
}
