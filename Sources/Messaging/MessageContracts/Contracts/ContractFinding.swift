// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// Who has to get along with whom.
package enum CompatibilityMode: String, Sendable, CaseIterable {
  /// Who reads with the newer version reads what was written with the older.
  case backward
  /// Who reads with the older version reads what is written with the newer.
  case forward
  /// Both.
  case full

  var directions: [CompatibilityMode] { self == .full ? [.backward, .forward] : [self] }
}

/// Something about contracts that a check does not let pass.
package struct ContractFinding: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// The file is no contract, or none that can be compared.
    case unusable
    /// A reader refuses what a writer may write; there is an example.
    case broken
    /// It could not be shown that no reader refuses what a writer may write.
    case unproven
    /// A version that was published is gone.
    case removed
  }

  package var kind: Kind
  /// The file with the schema that refuses, below the folder of contracts.
  package var file: String
  /// JSON Pointer into it; empty for all of it.
  package var pointer: String
  /// One sentence: what a consumer or producer sees.
  package var message: String
  /// Where in the payload; nil where the finding is not about one.
  package var payloadPointer: String?
  /// A payload that the writer may write and the reader refuses.
  package var counterexample: JSONValue?
  /// Why the newer version may break with the older, as it says itself. The finding then stands and
  /// is no failure.
  package var accepted: String?

  package var isFailure: Bool { accepted == nil }
}
