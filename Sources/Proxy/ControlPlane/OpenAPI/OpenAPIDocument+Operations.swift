// SPDX-License-Identifier: Apache-2.0

/// What paths are made of.
extension OpenAPIDocument {
  /// An answer to a request that was carried out.
  struct Answer {
    var description: String
    var type = "application/json"
    let schema: OpenAPIValue
    /// The answer carries the version of the routing table.
    var isTagged = false

    var value: OpenAPIValue {
      let value: OpenAPIValue = [
        "description": .text(description), "content": [type: ["schema": schema]],
      ]
      return isTagged
        ? value.with(["headers": ["ETag": ["required": true, "schema": OpenAPIDocument.tag]]])
        : value
    }
  }

  /// A question. Whoever asks from elsewhere is refused (403, 421), and without the token (401)
  /// unless it is open to all.
  static func get(
    _ id: String, _ summary: String, _ answer: Answer, others: [String: Answer] = [:],
    refusals: [Int] = [], parameters: [OpenAPIValue] = [], isOpen: Bool = false
  ) -> OpenAPIValue {
    let operation = operation(
      id, summary, answer, others: others, refusals: isOpen ? refusals : refusals + [401],
      parameters: parameters)
    return isOpen ? operation.with(["security": []]) : operation
  }

  /// An order with a JSON body that names who gives it and why. What takes users back is done even
  /// while the journal cannot be written, and answered with 202 then.
  static func order(
    _ id: String, _ summary: String, _ body: String, _ answer: Answer, refusals: [Int] = [],
    parameters: [OpenAPIValue] = []
  ) -> OpenAPIValue {
    var unwritten = answer
    unwritten.description = "The same: done, and not yet written into the journal."
    return operation(
      id, summary, answer, others: ["202": unwritten],
      refusals: refusals + [400, 401, 404, 409, 413, 415, 503],
      parameters: parameters
    ).with([
      "requestBody": [
        "required": true, "content": ["application/json": ["schema": schema(body)]],
      ]
    ])
  }

  /// An operation whose refusals are listed, but for those that every request may meet.
  static func operation(
    _ id: String, _ summary: String, _ answer: Answer?, others: [String: Answer] = [:],
    refusals: [Int], parameters: [OpenAPIValue] = []
  ) -> OpenAPIValue {
    var answers = others.mapValues(\.value)
    answers["200"] = answer?.value
    for status in refusals + [403, 421] {
      let name = status == 401 ? "Unauthorized" : "Problem"
      answers["\(status)"] = ["$ref": "#/components/responses/\(name)"]
    }
    let operation: OpenAPIValue = [
      "operationId": .text(id), "summary": .text(summary), "responses": .object(answers),
    ]
    return parameters.isEmpty ? operation : operation.with(["parameters": .list(parameters)])
  }

  static func pathParameter(_ name: String, _ schema: OpenAPIValue) -> OpenAPIValue {
    ["name": .text(name), "in": "path", "required": true, "schema": schema]
  }

  static func parameter(
    _ name: String, in place: String, _ schema: OpenAPIValue, _ description: String
  ) -> OpenAPIValue {
    [
      "name": .text(name), "in": .text(place), "schema": schema, "description": .text(description),
    ]
  }

  /// The name of a route, an upstream or a cutover.
  static let name = pathParameter("name", ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"])
}
