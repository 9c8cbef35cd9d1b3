// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
  /// What comparing both sides found; served where there is a file for it.
  static let evidencePaths = #"""
    "/shadows/evidence": {
      "get": {
        "operationId": "showEvidence",
        "summary": "Match rates and differing paths of each endpoint, as strangler shadow report.",
        "responses": {
          "200": {
            "description": "The report; at most five seconds old.",
            "content": {"application/json": {"schema": {"type": "object"}}}
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "503": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/shadows/pairs/{id}": {
      "parameters": [
        {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}
      ],
      "get": {
        "operationId": "showPair",
        "summary": "Both answers to one request, line by line.",
        "responses": {
          "200": {
            "description": "The pair, redacted when it was stored.",
            "content": {"application/json": {"schema": {"type": "object"}}}
          },
          "400": {"$ref": "#/components/responses/Problem"},
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "404": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "503": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    """#
}
