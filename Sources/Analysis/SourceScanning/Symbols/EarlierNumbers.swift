// SPDX-License-Identifier: Apache-2.0

/// Numbers that the declarations of some files had in an earlier run. What has the same key keeps
/// its number, so that whatever else names it stays as it is.
struct EarlierNumbers: Sendable {
  /// Of every type and member, and of those that are added.
  var keys: TableKeys
  private var nominals: [UInt64: NominalID] = [:]
  private var members: [UInt64: MemberID] = [:]
  private var seen: [UInt64: Int] = [:]
  /// Declarations that were added or kept their number.
  private(set) var takenNominals: [NominalID] = []
  private(set) var takenMembers: [UInt64: MemberID] = [:]

  /// - Parameters:
  ///   - nominals: types that those files declared, and types from elsewhere that they alone
  ///     extended.
  ///   - members: members and globals that they declared.
  init(keys: TableKeys, nominals: [NominalID], members: [MemberID]) {
    self.keys = keys
    for id in nominals { self.nominals[keys[id]] = id }
    for id in members { self.members[keys[id]] = id }
  }

  fileprivate mutating func take(nominal hash: StableHash, next: Int) -> NominalID? {
    let key = TableKeys.numbered(hash, &seen)
    let known = nominals[key]
    if known == nil { keys.add(nominal: key) }
    takenNominals.append(known ?? NominalID(next))
    return known
  }

  fileprivate mutating func take(member hash: StableHash, next: Int) -> MemberID? {
    let key = TableKeys.numbered(hash, &seen)
    let known = members[key]
    if known == nil { keys.add(member: key) }
    takenMembers[key] = known ?? MemberID(next)
    return known
  }
}

extension SymbolTable {
  /// The number that a type is to keep; `nil` where it gets the next one.
  mutating func number(of nominal: Nominal) -> NominalID? {
    guard let hash = numbers?.keys.hash(of: nominal) else { return nil }
    return numbers?.take(nominal: hash, next: nominals.count)
  }

  /// The number that a member is to keep; `nil` where it gets the next one.
  mutating func number(of member: Member) -> MemberID? {
    guard let hash = numbers?.keys.hash(of: member) else { return nil }
    return numbers?.take(member: hash, next: members.count)
  }
}
