// SPDX-License-Identifier: Apache-2.0

package import ControlPlane

/// What moves data, as the program has it that runs the demonstration. Files are configurations.
package struct DataTools: Sendable {
  /// For the proxy's admin API.
  package let mover: @Sendable (_ file: String) -> (any DataMover)?
  /// Copies what legacy has; returns what there is to say, a line each.
  package let backfill: @Sendable (_ file: String) async throws -> [String]
  /// Carries changes over until its task is cancelled.
  package let follow: @Sendable (_ file: String) async throws -> Void

  package init(
    mover: @escaping @Sendable (_ file: String) -> (any DataMover)?,
    backfill: @escaping @Sendable (_ file: String) async throws -> [String],
    follow: @escaping @Sendable (_ file: String) async throws -> Void
  ) {
    (self.mover, self.backfill, self.follow) = (mover, backfill, follow)
  }
}
