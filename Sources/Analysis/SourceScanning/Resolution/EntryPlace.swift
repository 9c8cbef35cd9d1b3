// SPDX-License-Identifier: Apache-2.0

/// Where an entry of a fingerprint stands.
enum EntryPlace: Hashable, Sendable {
  case members(of: NominalID, name: String)
  case nested(in: NominalID, name: String)
  case type(module: String, name: String)
  case global(module: String, name: String)

  var owner: NominalID? {
    switch self {
    case .members(let owner, _), .nested(let owner, _): owner
    case .type, .global: nil
    }
  }
}
