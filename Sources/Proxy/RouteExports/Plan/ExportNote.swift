// SPDX-License-Identifier: Apache-2.0

/// Something that the configuration says and the exported text does not, or not in the same way.
package struct ExportNote: Sendable, Hashable, Encodable {
  package enum Effect: String, Sendable, Encodable {
    /// Requests may reach another upstream than they would, or none.
    case routing
    /// They reach the same one, and are treated otherwise on the way.
    case handling
  }

  package let affects: Effect
  /// The route that it is about; nil for what is about several or all.
  package let route: String?
  /// The setting as the configuration's file names it, such as `timeouts.idle`.
  package let setting: String
  /// What happens instead, a sentence.
  package let instead: String

  init(_ affects: Effect, route: String? = nil, _ setting: String, _ instead: String) {
    self.affects = affects
    self.route = route
    self.setting = setting
    self.instead = instead
  }

  /// One line.
  package var text: String {
    let place = route.map { "route \($0), \(setting)" } ?? setting
    return "\(place): \(instead)"
  }
}
