// SPDX-License-Identifier: Apache-2.0

internal import DataMapping

/// Both stores as they were at one position of the stream of changes; `CutStatements` says why what
/// no note names is the same on both sides then.
struct StreamCut: Sendable {
  /// Digests of the keys that notes name at a position.
  struct Notes: Sendable {
    /// On their way.
    var moving: Set<UInt64> = []
    /// Kept from being carried over.
    var stuck: Set<UInt64> = []

    func contains(_ key: UInt64) -> Bool { moving.contains(key) || stuck.contains(key) }
  }

  /// How often a position is tried for while others carry changes over.
  private static let attempts = 10_000

  let legacy: any StoreSnapshot
  let new: any StoreSnapshot
  private let statements: CutStatements

  /// - Throws: `StoreFailure`, as all of these do.
  init(_ statements: CutStatements, _ stores: MovingStores) async throws {
    self.statements = statements
    legacy = try await stores.legacy.reading.snapshot()
    do {
      try await legacy.rest()
      new = try await stores.new.reading.snapshot()
      try await new.rest()
    } catch {
      await legacy.end()
      throw error
    }
  }

  subscript(side: Doubt.Side) -> any StoreSnapshot { side == .legacy ? legacy : new }

  func end() async {
    await legacy.end()
    await new.end()
  }

  /// Reads both stores at the position of now.
  ///
  /// - Parameters:
  ///   - retried: hears of each position that was passed while it was taken.
  ///   - read: what is done there, with the notes.
  /// - Throws: `StoreFailure`; with the code `fenced` where no side follows the other.
  func now<Value>(
    _ retried: () -> Void, _ read: (Notes) async throws -> Value
  ) async throws -> Value {
    let (source, target) = (self[statements.from], self[statements.from.other])
    for _ in 0..<Self.attempts {
      try await target.resume()
      let before = try await fence(statements.from.other, .follower)
      try await target.rest()
      try await source.resume()
      _ = try await fence(statements.from, .primary)
      let notes = try await notes(source)
      try await target.resume()
      let isHere = try await fence(statements.from.other, .follower) == before
      let value = isHere ? try await read(notes) : nil
      // Nobody is kept waiting longer than for one chunk.
      try await source.rest()
      try await target.rest()
      if let value { return value }
      retried()
    }
    throw StoreFailure(
      .locked, "\(statements.mapping): changes were carried over each time a position was taken")
  }

  private func fence(_ side: Doubt.Side, _ role: Fence.Role) async throws -> Fence {
    let found = try await self[side].fold(
      statements.fence(side), CutStatements.fenceTypes, into: Fence?.none
    ) { $0 = CutStatements.fence($1) }
    guard let found, found.role == role else {
      throw StoreFailure(
        .fenced,
        "\(statements.mapping): \(statements.from.other.title) does not follow "
          + "\(statements.from.title), or a change of sides is under way")
    }
    return found
  }

  private func notes(_ source: any StoreSnapshot) async throws -> Notes {
    let statements = statements
    return try await source.fold(statements.notes, statements.noteTypes, into: Notes()) {
      let note = statements.note($1)
      if note.isStuck { $0.stuck.insert(note.key) } else { $0.moving.insert(note.key) }
    }
  }
}
