// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions

/// The description of the admin API that `GET /openapi.json` answers with: OpenAPI 3.1, kept by
/// hand. A test holds it to the paths and methods that are served, and `.ci/openapi` to what they
/// answer.
enum OpenAPIDocument {
  static let text = JSONText.encode(document)

  private static let document: OpenAPIValue = [
    "openapi": "3.1.0",
    "info": [
      "title": "strangler admin API",
      "version": "1",
      "description": """
      Routes, cutovers and their journal, and data that moves. Where a token is configured, \
      every request but health and this document carries it. What changes something takes \
      application/json only, and never comes from a page of another site.
      """,
    ],
    "security": [["token": []]],
    "paths": .object(
      [proxyPaths, cutoverPaths, evidencePaths, dataPaths, registryPaths, sagaPaths]
        .reduce(into: [:]) { all, paths in all.merge(paths) { _, new in new } }),
    "components": [
      "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      "responses": ["Problem": problem, "Unauthorized": unauthorized],
      "schemas": .object(
        [
          proxySchemas, orderSchemas, cutoverSchemas, evidenceSchemas, dataSchemas,
          registrySchemas, sagaSchemas,
        ]
        .reduce(into: [:]) { all, schemas in all.merge(schemas) { _, new in new } }),
    ],
  ]

  private static let problem: OpenAPIValue = [
    "description": "Why not.",
    "content": ["application/problem+json": ["schema": schema("Problem")]],
  ]

  private static let unauthorized = problem.with([
    "headers": ["WWW-Authenticate": ["required": true, "schema": string]]
  ])
}
