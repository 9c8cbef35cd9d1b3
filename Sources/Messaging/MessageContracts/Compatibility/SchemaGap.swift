// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// A place at which a writer's schema was not shown to be within a reader's.
struct SchemaGap: Sendable {
  /// Where in the payload: a JSON Pointer, with `*` for any item and any member without a name.
  var payload: String
  /// Where in the reader's document.
  var schema: String
  /// What the writer may write and the reader refuses, or why that cannot be told.
  var reason: String
  /// Values of that place that may show it; of the whole payload, once they have come up.
  var examples: [JSONValue] = []
  /// The payload that the writer may write and the reader refuses, where one was found.
  var counterexample: JSONValue?
}
