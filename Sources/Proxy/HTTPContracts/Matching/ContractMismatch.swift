// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Something that a consumer relies on, and that an answer does not keep.
package struct ContractMismatch: Sendable, Equatable, CustomStringConvertible {
  package enum Place: Sendable, Equatable {
    case status
    case header(String)
    /// A JSON Pointer (RFC 6901) into the body; empty for all of it.
    case body(String)
  }

  /// In which way.
  package enum Kind: String, Sendable, CaseIterable {
    /// It is not there.
    case missing
    /// It is of another type.
    case type
    /// It is a text that is written in another way, such as one that is no time any more.
    case format
    /// It has another value, and the value has to stay.
    case value
    /// An array has no elements, so nothing is known of them.
    case empty
  }

  package var place: Place
  package var kind: Kind
  /// What was recorded.
  package var expected: String
  /// What came; nil for nothing.
  package var found: String?

  package init(_ place: Place, _ kind: Kind, expected: String, found: String?) {
    self.place = place
    self.kind = kind
    self.expected = expected
    self.found = found
  }

  /// `/items/0/total: expected a number such as 12, found "12"`.
  package var description: String {
    "\(placeText): "
      + (found.map { "expected \(expected), found \($0)" }
        ?? "missing, expected \(expected)")
  }

  /// As people read it.
  package var placeText: String {
    switch place {
    case .status: "status"
    case .header(let name): "header \(name)"
    case .body(let pointer): pointer.isEmpty ? "body" : pointer
    }
  }
}
