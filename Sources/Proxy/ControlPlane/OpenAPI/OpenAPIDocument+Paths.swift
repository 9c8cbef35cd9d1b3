// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
  /// Members of `paths`: what belongs to every proxy.
  static let paths = #"""
    "/health/live": {
      "get": {
        "operationId": "live",
        "summary": "Whether the process runs.",
        "responses": {
          "200": {
            "description": "It runs.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Health"}}
            }
          },
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        },
        "security": []
      }
    },
    "/health/ready": {
      "get": {
        "operationId": "ready",
        "summary": "Whether new connections are taken.",
        "responses": {
          "200": {
            "description": "They are.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Health"}}
            }
          },
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        },
        "security": []
      }
    },
    "/routes": {
      "get": {
        "operationId": "listRoutes",
        "summary": "All routes with their shares in force.",
        "responses": {
          "200": {
            "description": "Routes in file order; the ETag is the version of the routing table.",
            "content": {
              "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Route"}}
              }
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/routes/{name}": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "get": {
        "operationId": "showRoute",
        "summary": "One route with the last changes of its share.",
        "responses": {
          "200": {
            "description": "The route.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Route"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "404": {"$ref": "#/components/responses/Problem"}
        }
      },
      "put": {
        "operationId": "setShare",
        "summary": "Moves a share of a route's users by hand.",
        "responses": {
          "200": {
            "description": "The route.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Route"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "400": {"$ref": "#/components/responses/Problem"},
          "404": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"},
          "413": {"$ref": "#/components/responses/Problem"},
          "415": {"$ref": "#/components/responses/Problem"},
          "503": {"$ref": "#/components/responses/Problem"},
          "412": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ShareOrder"}}
          }
        },
        "parameters": [
          {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "ETag of an answer before: refused when something was changed since."
          },
          {
            "name": "X-Actor",
            "in": "header",
            "schema": {"type": "string", "maxLength": 100},
            "description": "Who orders it, when the body does not say."
          }
        ]
      }
    },
    "/metrics": {
      "get": {
        "operationId": "metrics",
        "summary": "Prometheus text format, version 0.0.4.",
        "responses": {
          "200": {
            "description": "Families and samples.",
            "content": {"text/plain": {"schema": {"type": "string"}}}
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/upstreams": {
      "get": {
        "operationId": "listUpstreams",
        "summary": "Who answers, and how well.",
        "responses": {
          "200": {
            "description": "Upstreams in file order.",
            "content": {
              "application/json": {
                "schema": {
                  "type": "array",
                  "items": {"$ref": "#/components/schemas/Upstream"}
                }
              }
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/upstreams/{name}": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "get": {
        "operationId": "showUpstream",
        "summary": "One upstream.",
        "responses": {
          "200": {
            "description": "The upstream.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Upstream"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "404": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/shadows": {
      "get": {
        "operationId": "listShadows",
        "summary": "What is copied to extracted sides, and what came of it.",
        "responses": {
          "200": {
            "description": "The routes that shadow, with their numbers since the start.",
            "content": {
              "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Shadow"}}
              }
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/config": {
      "get": {
        "operationId": "showConfiguration",
        "summary": "What is in force, what was set live, and what became of the last reloads.",
        "responses": {
          "200": {
            "description": "The configuration.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Configuration"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/reload": {
      "post": {
        "operationId": "reload",
        "summary": "Reads the configuration again.",
        "responses": {
          "200": {
            "description": "What changed.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Reload"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"},
          "422": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/openapi.json": {
      "get": {
        "operationId": "describe",
        "summary": "This document.",
        "security": [],
        "responses": {
          "200": {
            "description": "OpenAPI 3.1.",
            "content": {"application/json": {"schema": {"type": "object"}}}
          },
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"}
        }
      }
    }
    """#
}
