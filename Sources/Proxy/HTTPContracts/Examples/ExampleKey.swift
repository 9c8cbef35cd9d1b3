// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments
internal import ShadowComparison

/// What makes two exchanges examples of one kind: method, form of the path, names of parameters,
/// status, media types, shapes of both bodies, and the values that have to stay.
struct ExampleKey: Hashable {
  private let parts: [String]

  init(_ example: ContractExample) {
    let (request, answer) = (example.request, example.answer)
    let query = request.target.drop { $0 != "?" }.dropFirst()
    let names = Set(query.split(separator: "&").map { String($0.prefix { $0 != "=" }) })
    var pinned: [String] = []
    if case .json(let value) = answer.body {
      Self.pinned(value, .root, example.rules.values, &pinned)
    }
    for header in answer.headers
    where example.rules.values.match(.header(header.name)) {
      pinned.append("\(header.name): \(header.value)")
    }
    parts = [
      example.endpoint, names.sorted().joined(separator: "&"), Self.text(request.body),
      "\(answer.status)", MediaType(answer.header("content-type"))?.text ?? "",
      answer.headers.map { $0.name.lowercased() }.sorted().joined(separator: " "),
      Self.text(answer.body), pinned.joined(separator: "\n"),
    ]
  }

  private static func text(_ body: ContractExample.Body) -> String {
    switch body {
    case .none: ""
    case .json(let value): ValueShape(value).text
    case .text(let text): "text " + text
    case .other: "other"
    }
  }

  private static func pinned(
    _ value: JSONValue, _ path: ResponsePath, _ patterns: [PathPattern], _ found: inout [String]
  ) {
    if patterns.isEmpty { return }
    if patterns.match(path) {
      found.append("\(path): \(value.compactJSON)")
    }
    switch value {
    case .object(let members):
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        pinned(member, path.member(name), patterns, &found)
      }
    case .array(let elements):
      for element in elements { pinned(element, path.elements, patterns, &found) }
    default: break
    }
  }
}

/// Type and subtype of a `Content-Type`, in lower case.
struct MediaType: Hashable {
  let text: String

  init?(_ contentType: String?) {
    let text = contentType?.prefix { $0 != ";" }.lowercased().filter { $0 != " " } ?? ""
    if text.isEmpty { return nil }
    self.text = text
  }

  /// Whether it is one of a range such as `application/*`.
  func isWithin(_ range: MediaType) -> Bool {
    if range.text == "*/*" || range == self { return true }
    return range.text.hasSuffix("/*") && text.hasPrefix(range.text.dropLast())
  }
}
