// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// What clients are answered.
extension APIComparison {
  typealias Response = (status: String, node: APINode)

  mutating func compareResponses(_ former: APIOperation, _ latter: APIOperation) {
    var compared: Set<[String]> = []
    for response in former.responses {
      guard let other = Self.counterpart(response.status, latter.responses) else {
        let isSuccess = response.status.hasPrefix("2")
        add(
          isSuccess ? "response-success-status-removed" : "response-other-status-removed",
          isSuccess ? .breaking : .warning, former.name, "response \(response.status)", .old,
          response.node, "it is not answered any more",
          isSuccess
            ? "a client that waits for \(response.status) never gets it"
            : "what a client does about \(response.status) never happens")
        continue
      }
      compared.insert([response.status, other.status])
      compare(response, other, former.name)
    }
    let taken = Set(compared.map { $0[1] })
    for response in latter.responses {
      guard let other = Self.counterpart(response.status, former.responses) else {
        if ["2", "3"].contains(response.status.prefix(1)), !taken.contains(response.status) {
          add(
            "response-success-status-added", .warning, former.name, "response \(response.status)",
            .new, response.node, "it may be answered now",
            "a client that asks for the statuses it knows takes it for a failure")
        }
        continue
      }
      if compared.insert([other.status, response.status]).inserted {
        compare(other, response, former.name)
      }
    }
  }

  /// The response to a status: its own, or that of all of its hundred, or of all others; to a whole
  /// hundred one of it.
  private static func counterpart(_ status: String, _ responses: [Response]) -> Response? {
    responses.first { $0.status == status }
      ?? responses.first { $0.status == status.prefix(1) + "XX" }
      ?? responses.first { status.hasSuffix("XX") && $0.status.prefix(1) == status.prefix(1) }
      ?? responses.first { $0.status == "default" }
  }

  private mutating func compare(_ former: Response, _ latter: Response, _ operation: String) {
    let place = "response \(latter.status)"
    for (type, content) in former.node.member("content")?.members ?? [] {
      let typePlace = "\(place), \(type)"
      guard let counterpart = Self.content(latter.node, taking: type) else {
        add(
          "response-media-type-removed", .breaking, operation, typePlace, .old, content,
          "\(type) is not answered any more", "clients that read it get something else or 406")
        continue
      }
      add(
        responses.changes(old: Self.schema(content), new: Self.schema(counterpart)), .response,
        of: "response-body", typePlace, operation)
    }
    compareHeaders(former.node, latter.node, place, operation)
  }

  private mutating func compareHeaders(
    _ former: APINode, _ latter: APINode, _ place: String, _ operation: String
  ) {
    let others = latter.member("headers")?.members ?? []
    for (name, node) in former.member("headers")?.members ?? []
    where name.lowercased() != "content-type" {
      let header = old.resolved(node)
      let isRequired = header.flag("required") ?? false
      let headerPlace = "\(place), header \(name)"
      guard let found = others.first(where: { $0.name.lowercased() == name.lowercased() }) else {
        add(
          isRequired ? "response-required-header-removed" : "response-optional-header-removed",
          isRequired ? .breaking : .warning, operation, headerPlace, .old, header, "it is gone",
          "a client that reads it finds nothing")
        continue
      }
      let other = new.resolved(found.node)
      if isRequired, other.flag("required") != true {
        add(
          "response-header-became-optional", .breaking, operation, headerPlace, .new, other,
          "it may be missing now", "a client that relies on it finds nothing")
      }
      add(
        responses.changes(old: Self.schema(header), new: Self.schema(other)), .response,
        of: "response-header", headerPlace, operation)
    }
  }
}
