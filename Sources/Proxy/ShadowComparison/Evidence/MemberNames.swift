// SPDX-License-Identifier: Apache-2.0

/// The names of members that differed at one endpoint.
///
/// Some objects have keys of records for names: `{"8c6f...": {"total": 3}}`. Each would be a place
/// of its own, never seen twice. So of each object only the first names stand for themselves, and
/// all further ones are the place `*`.
struct MemberNames: Sendable {
  /// Most names of one object that stand for themselves.
  static let mostSiblings = 50
  /// Most names of all objects of an endpoint that do.
  private static let most = 2_000
  /// Bytes that a name takes beside its own.
  private static let overhead = 64

  /// By the path of the object.
  private var names: [String: Set<String>] = [:]
  private var count = 0

  /// The path as it is counted from now on.
  ///
  /// - Parameter room: bytes that may still be kept.
  mutating func take(_ path: ResponsePath, room: inout Int) -> ResponsePath {
    Self.fold(path) { parent, name in
      if names[parent]?.contains(name) ?? false { return true }
      let cost = name.utf8.count + parent.utf8.count + Self.overhead
      guard count < Self.most, names[parent]?.count ?? 0 < Self.mostSiblings, cost <= room else {
        return false
      }
      names[parent, default: []].insert(name)
      count += 1
      room -= cost
      return true
    }
  }

  /// The path as it is counted.
  func folded(_ path: ResponsePath) -> ResponsePath {
    Self.fold(path) { parent, name in names[parent]?.contains(name) ?? false }
  }

  private static func fold(
    _ path: ResponsePath, standsForItself: (_ parent: String, _ name: String) -> Bool
  ) -> ResponsePath {
    if path.isOfMessage { return path }
    var folded = ""
    for step in path.steps {
      let stays = step.name == nil || standsForItself(folded, step.text)
      folded += stays ? step.text : folded.isEmpty ? "*" : ".*"
    }
    return ResponsePath(folded)
  }
}
