// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// What clients send.
extension APIComparison {
  mutating func compareParameters(_ former: APIOperation, _ latter: APIOperation) {
    let news = Dictionary(latter.parameters.map { ($0.key, $0) }) { first, _ in first }
    let olds = Dictionary(former.parameters.map { ($0.key, $0) }) { first, _ in first }
    var moved: Set<String> = []
    for parameter in former.parameters {
      if let other = news[parameter.key] {
        compare(parameter, other, former.name)
      } else if let other = latter.parameters.first(where: {
        $0.name.lowercased() == parameter.name.lowercased() && olds[$0.key] == nil
          && $0.place != "path"
      }) {
        moved.insert(other.key)
        add(
          "request-parameter-moved", .breaking, former.name, Self.place(parameter), .new,
          other.node, "it is read from the \(other.place) now",
          "what clients send in the \(parameter.place) counts for nothing")
      } else if parameter.place != "path" {
        add(
          "request-parameter-removed", .warning, former.name, Self.place(parameter), .old,
          parameter.node, "it is gone", "what clients send there counts for nothing")
      }
    }
    for parameter in latter.parameters
    where olds[parameter.key] == nil && !moved.contains(parameter.key) && parameter.isRequired
      && parameter.place != "path"
    {
      add(
        "required-request-parameter-added", .breaking, former.name, Self.place(parameter), .new,
        parameter.node, "it is new and has to be sent",
        "every client that does not know it is refused")
    }
  }

  private static func place(_ parameter: APIParameter) -> String {
    "\(parameter.place) parameter \(parameter.name)"
  }

  private mutating func compare(
    _ former: APIParameter, _ latter: APIParameter, _ operation: String
  ) {
    let place = Self.place(former)
    if latter.isRequired, !former.isRequired {
      add(
        "request-parameter-became-required", .breaking, operation, place, .new, latter.node,
        "it has to be sent now", "a client without it is refused")
    }
    if latter.isDeprecated, !former.isDeprecated {
      add(
        "request-parameter-deprecated", .warning, operation, place, .new, latter.node,
        "it is deprecated now", "clients should stop to send it")
    }
    if former.style != latter.style {
      add(
        "request-parameter-style-changed", .breaking, operation, place, .new, latter.node,
        "it was written in style \(former.style) and is in \(latter.style) now",
        "what clients send is read as something else")
    }
    add(
      requests.changes(
        old: former.schema.map { [$0] } ?? [], new: latter.schema.map { [$0] } ?? []),
      .request, of: "request-parameter", place, operation)
  }

  mutating func compareRequestBodies(_ former: APIOperation, _ latter: APIOperation) {
    guard let other = latter.requestBody else {
      if let body = former.requestBody {
        add(
          "request-body-removed", .breaking, former.name, "request", .old, body,
          "the operation takes no body any more", "what clients send counts for nothing")
      }
      return
    }
    let isRequired = other.flag("required") ?? false
    guard let body = former.requestBody else {
      if isRequired {
        add(
          "required-request-body-added", .breaking, former.name, "request", .new, other,
          "a body has to be sent now", "every client that sends none is refused")
      }
      return
    }
    if isRequired, body.flag("required") != true {
      add(
        "request-body-became-required", .breaking, former.name, "request", .new, other,
        "a body has to be sent now", "a client that sends none is refused")
    }
    for (type, content) in body.member("content")?.members ?? [] {
      let place = "request, \(type)"
      guard let counterpart = Self.content(other, taking: type) else {
        add(
          "request-body-media-type-removed", .breaking, former.name, place, .old, content,
          "\(type) is taken no more", "clients that send it are answered 415")
        continue
      }
      add(
        requests.changes(old: Self.schema(content), new: Self.schema(counterpart)), .request,
        of: "request-body", place, former.name)
    }
  }

  /// The content of a message that stands for a media type, or for a range in which it is.
  static func content(_ message: APINode, taking type: String) -> APINode? {
    guard let wanted = MediaType(type) else { return nil }
    let all = (message.member("content")?.members ?? []).compactMap { name, node in
      MediaType(name).map { (type: $0, node: node) }
    }
    return (all.first { $0.type == wanted } ?? all.first { wanted.isWithin($0.type) })?.node
  }

  static func schema(_ content: APINode) -> [APINode] {
    content.member("schema").map { [$0] } ?? []
  }
}
