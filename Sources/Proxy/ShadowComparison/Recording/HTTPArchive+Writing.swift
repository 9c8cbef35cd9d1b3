// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

extension HTTPArchive {
  /// What stands before the first exchange of a file.
  public static let beginning = """
    {"log":{"version":"1.2","creator":{"name":"strangler","version":"1"},"entries":[

    """
  /// What stands between two exchanges.
  public static let separator = ",\n"
  /// What stands behind the last exchange; with it a file is complete.
  public static let end = "\n]}}\n"

  /// One exchange as a line of the file, without line break.
  public static func line(_ exchange: RecordedExchange) -> String {
    JSONValue.object([
      "startedDateTime": .string(exchange.startedAt), "time": .real(exchange.milliseconds),
      "request": request(exchange), "response": response(exchange.response),
      "cache": .object([:]),
      "timings": .object([
        "send": .integer(0), "wait": .real(exchange.milliseconds), "receive": .integer(0),
      ]),
    ]).compactJSON
  }

  private static func request(_ exchange: RecordedExchange) -> JSONValue {
    var members: [String: JSONValue] = [
      "method": .string(exchange.method), "url": .string(exchange.url),
      "httpVersion": .string("HTTP/1.1"), "cookies": .array([]),
      "headers": pairs(exchange.headers), "queryString": .array(query(exchange.target)),
      "headersSize": .integer(-1), "bodySize": .integer(exchange.body.count),
    ]
    if !exchange.body.isEmpty {
      members["postData"] = content(exchange.body, type(exchange.headers), hasSize: false)
    }
    return .object(members)
  }

  private static func response(_ response: ComparedResponse?) -> JSONValue {
    let headers = response?.headers ?? []
    let body: [UInt8] = if case .whole(let bytes) = response?.body { bytes } else { [] }
    let size = response.map { $0.body.digest.count } ?? 0
    let isLeftOut = size > body.count
    return .object([
      "status": .integer(response?.status ?? 0), "statusText": .string(""),
      "httpVersion": .string("HTTP/1.1"), "cookies": .array([]), "headers": pairs(headers),
      "content": content(body, type(headers), hasSize: true, leftOut: isLeftOut ? size : nil),
      "redirectURL": .string(headers.first { $0.name.lowercased() == "location" }?.value ?? ""),
      "headersSize": .integer(-1), "bodySize": .integer(size),
    ])
  }

  private static func content(
    _ body: [UInt8], _ type: String, hasSize: Bool, leftOut: Int? = nil
  ) -> JSONValue {
    var members: [String: JSONValue] = ["mimeType": .string(type)]
    if hasSize { members["size"] = .integer(leftOut ?? body.count) }
    if let leftOut {
      members["comment"] = .string("a body of \(leftOut) bytes was not recorded")
    } else if let text = String(validating: body, as: UTF8.self) {
      members["text"] = .string(text)
    } else {
      members["text"] = .string(Base64.encode(body))
      members["encoding"] = .string("base64")
    }
    return .object(members)
  }

  private static func type(_ headers: [ComparedResponse.Header]) -> String {
    headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
  }

  private static func pairs(_ headers: [ComparedResponse.Header]) -> JSONValue {
    .array(headers.map { pair($0.name, $0.value) })
  }

  private static func pair(_ name: String, _ value: String) -> JSONValue {
    .object(["name": .string(name), "value": .string(value)])
  }

  /// Parameters as they stand in the URL, still escaped: what the URL holds is what was sent.
  private static func query(_ target: String) -> [JSONValue] {
    guard let mark = target.firstIndex(of: "?") else { return [] }
    return target[target.index(after: mark)...].split(separator: "&").map { parameter in
      let parts = parameter.split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return pair(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
  }
}
