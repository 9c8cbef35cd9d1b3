// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments

/// Two versions of an API, made of little.
struct Versions {
  let old: APIDocument
  let new: APIDocument

  init(_ old: String, _ new: String) throws {
    self.old = try Self.document(old)
    self.new = try Self.document(new)
  }

  static func document(_ text: String) throws -> APIDocument {
    try APIDocument(JSONParser.parse(Array(text.utf8)))
  }

  /// Both versions answer `GET /a` with a schema each.
  static func answering(
    _ old: String, _ new: String, components: String = "{}", version: String = "3.1.0"
  ) throws -> Versions {
    func document(_ schema: String) -> String {
      #"{"openapi":""# + version + #"","paths":{"/a":{"get":{"responses":{"200":{"content":"#
        + #"{"application/json":{"schema":"# + schema + #"}}}}}}},"components":{"schemas":"#
        + components + "}}"
    }
    return try Versions(document(old), document(new))
  }

  /// Both versions take a body of `POST /a` with a schema each.
  static func taking(
    _ old: String, _ new: String, components: String = "{}", version: String = "3.1.0"
  ) throws -> Versions {
    func document(_ schema: String) -> String {
      #"{"openapi":""# + version + #"","paths":{"/a":{"post":{"requestBody":{"content":"#
        + #"{"application/json":{"schema":"# + schema + #"}}},"responses":{"204":{}}}}},"#
        + #""components":{"schemas":"# + components + "}}"
    }
    return try Versions(document(old), document(new))
  }

  /// Both versions have one path item, `/a/{id}`.
  static func item(_ old: String, _ new: String, rest: String = "") throws -> Versions {
    func document(_ item: String) -> String {
      #"{"openapi":"3.1.0","paths":{"/a/{id}":"# + item + "}" + rest + "}"
    }
    return try Versions(document(old), document(new))
  }

  func report(accepting accepted: [AcceptedChange] = []) -> APIChangeReport {
    APIComparison.report(old: old, new: new, accepted: accepted)
  }

  /// Rules of what changed, with `?` behind a warning, and with the place in the value.
  var rules: [String] {
    report().changes.map { change in
      let path = change.place.split(separator: ": ", maxSplits: 1).dropFirst().first ?? ""
      return change.rule + (change.severity == .warning ? "?" : "")
        + (path.isEmpty ? "" : " " + path)
    }
  }
}
