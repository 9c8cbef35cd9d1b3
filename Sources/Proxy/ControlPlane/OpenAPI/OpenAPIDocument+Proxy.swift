// SPDX-License-Identifier: Apache-2.0

/// What belongs to every proxy: health, routes, upstreams, configuration, metrics.
extension OpenAPIDocument {
  private static let route = Answer(
    description: "The route; the ETag is the version of the routing table.",
    schema: schema("Route"), isTagged: true)

  static let proxyPaths: [String: OpenAPIValue] = [
    "/health/live": [
      "get": get(
        "live", "Whether the process runs.",
        Answer(description: "It runs.", schema: schema("Health")), isOpen: true)
    ],
    "/health/ready": [
      "get": get(
        "ready", "Whether new connections are taken.",
        Answer(description: "They are.", schema: schema("Health")),
        others: ["503": Answer(description: "They are not.", schema: schema("Health"))],
        isOpen: true)
    ],
    "/routes": [
      "get": get(
        "listRoutes", "All routes with their shares in force.",
        Answer(
          description: "Routes in file order; the ETag is the version of the routing table.",
          schema: list(of: schema("Route")), isTagged: true))
    ],
    "/routes/{name}": [
      "parameters": [name],
      "get": get(
        "showRoute", "One route with the last changes of its share.", route, refusals: [404]),
      "put": order(
        "setShare", "Moves a share of a route's users by hand.", "ShareOrder", route,
        refusals: [412], parameters: [ifMatch]),
    ],
    "/metrics": [
      "get": get(
        "metrics", "Prometheus text format, version 0.0.4.",
        Answer(description: "Families and samples.", type: "text/plain", schema: string))
    ],
    "/upstreams": [
      "get": get(
        "listUpstreams", "Who answers, and how well.",
        Answer(description: "Upstreams in file order.", schema: list(of: schema("Upstream"))))
    ],
    "/upstreams/{name}": [
      "parameters": [name],
      "get": get(
        "showUpstream", "One upstream.",
        Answer(description: "The upstream.", schema: schema("Upstream")), refusals: [404]),
    ],
    "/config": [
      "get": get(
        "showConfiguration",
        "What is in force, what was set live, and what became of the last reloads.",
        Answer(description: "The configuration.", schema: schema("Configuration")))
    ],
    "/reload": [
      "post": operation(
        "reload", "Reads the configuration again.",
        Answer(description: "What changed.", schema: schema("Reload")), refusals: [401, 409, 422])
    ],
    "/openapi.json": [
      "get": get(
        "describe", "This document.",
        Answer(description: "OpenAPI 3.1.", schema: ["type": "object"]), isOpen: true)
    ],
  ]

  private static let ifMatch = parameter(
    "If-Match", in: "header", ["anyOf": [["type": "string", "const": "*"], tag]],
    "ETag of an answer before: refused when something was changed since.")

  static let proxySchemas: [String: OpenAPIValue] = [
    "Health": object(["status": string]),
    "Problem": object(["title": string, "status": integer, "detail": string])
      .with(["description": "RFC 9457; the type is about:blank."]),
    "Route": object(
      ["name": string, "match": string, "legacy": string],
      optional: [
        "extracted": string, "percent": share, "sticky": list(of: string), "group": string,
        "fallback": string, "shadow": string,
        "history": list(
          of: object([
            "at": string, "actor": string, "reason": string, "from": number, "to": number,
          ])),
      ]),
    "Upstream": object(
      [
        "name": string, "kind": oneOf("module", "network", "composition"),
        "breaker": oneOf("none", "closed", "open", "half-open"), "breakerOpened": integer,
        "refusedByBreaker": integer, "inFlight": integer, "waiting": integer,
        "overloaded": integer, "queueTimeouts": integer, "retryBudgetExhausted": integer,
        "endpoints": list(
          of: object(
            [
              "name": string, "address": string,
              "health": oneOf("healthy", "unhealthy", "not-checked"), "ejections": integer,
              "checksPassed": integer, "checksFailed": integer,
            ], optional: ["ejectedForMilliseconds": integer])),
      ],
      optional: [
        "parts": list(
          of: object([
            "name": string, "answered": integer, "replaced": integer,
            "failures": ["type": "object", "additionalProperties": integer],
          ]))
      ]),
    "Configuration": object(
      [
        "version": integer, "routes": list(of: schema("Route")),
        "live": list(
          of: object(
            ["route": string, "percent": number, "file": number], optional: ["isHeld": flag])),
      ], optional: ["lastApplied": schema("Reload"), "lastRejected": schema("Reload")]),
    "Reload": object(
      ["at": string, "cause": string],
      optional: [
        "changes": list(of: object(["kind": string, "subject": string, "text": string])),
        "reasons": list(of: string),
      ]),
  ]
}
