// SPDX-License-Identifier: Apache-2.0

/// Who writes a value, and so which version of its schema has to take what the other lets through.
enum ValueDirection: String, Sendable {
  /// Clients of the older version write, the newer service reads.
  case request
  /// The newer service writes, clients of the older version read.
  case response
}

/// A change of a schema, as seen from the value that it describes.
struct SchemaChange: Sendable, Equatable {
  /// Without the part that says of what it is: `type-changed`.
  var stem: String
  var severity = APIChange.Severity.breaking
  /// Where in the value: `/items/*/total`, empty for all of it.
  var path = ""
  var side: APIChange.Side
  var pointer: String
  var message: String
  var effect: String

  /// The rule's whole name where the stem begins with what it is of.
  func rule(of subject: String, in direction: ValueDirection) -> String {
    if stem.hasPrefix("property-") || stem.hasPrefix("required-property-")
      || stem.hasPrefix("optional-property-")
    {
      return "\(direction.rawValue)-\(stem)"
    }
    if stem == "schema-not-compared" { return stem }
    let isWhole = path.isEmpty || !subject.hasSuffix("-body")
    return (isWhole ? subject : "\(direction.rawValue)-property") + "-" + stem
  }

  func below(_ step: String) -> SchemaChange {
    var change = self
    change.path = step + path
    return change
  }
}
