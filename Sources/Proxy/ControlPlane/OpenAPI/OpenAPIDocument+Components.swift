// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
  /// What the paths name: schemas, answers, the token.
  static let components = #"""
    {
      "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
      "responses": {
        "Problem": {
          "description": "Why not.",
          "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
          }
        }
      },
      "schemas": {
        "Health": {
          "type": "object",
          "properties": {"status": {"type": "string"}},
          "required": ["status"],
          "additionalProperties": false
        },
        "Problem": {
          "type": "object",
          "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"}
          },
          "required": ["detail", "status", "title"],
          "additionalProperties": false,
          "description": "RFC 9457; the type is about:blank."
        },
        "Order": {
          "type": "object",
          "properties": {
            "actor": {
              "type": "string",
              "minLength": 1,
              "maxLength": 100,
              "description": "Who orders it; the field X-Actor otherwise."
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500}
          },
          "required": ["reason"],
          "additionalProperties": false
        },
        "SwitchOrder": {
          "type": "object",
          "properties": {
            "on": {"type": "boolean"},
            "actor": {
              "type": "string",
              "minLength": 1,
              "maxLength": 100,
              "description": "Who orders it; the field X-Actor otherwise."
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500}
          },
          "required": ["on", "reason"],
          "additionalProperties": false
        },
        "ShareOrder": {
          "type": "object",
          "properties": {
            "percent": {"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01},
            "skip-gates": {
              "type": "boolean",
              "default": false,
              "description": "The gates of the route's plan are not asked; a cutover under way ends."
            },
            "actor": {
              "type": "string",
              "minLength": 1,
              "maxLength": 100,
              "description": "Who orders it; the field X-Actor otherwise."
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500}
          },
          "required": ["percent", "reason"],
          "additionalProperties": false
        },
        "RevertOrder": {
          "type": "object",
          "properties": {
            "to": {"type": "integer", "minimum": 0},
            "actor": {
              "type": "string",
              "minLength": 1,
              "maxLength": 100,
              "description": "Who orders it; the field X-Actor otherwise."
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500}
          },
          "required": ["to", "reason"],
          "additionalProperties": false
        },
        "Route": {
          "type": "object",
          "properties": {
            "name": {"type": "string"},
            "match": {"type": "string"},
            "legacy": {"type": "string"},
            "extracted": {"type": "string"},
            "percent": {"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01},
            "sticky": {"type": "array", "items": {"type": "string"}},
            "group": {"type": "string"},
            "fallback": {"type": "string"},
            "shadow": {"type": "string"},
            "history": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "at": {"type": "string"},
                  "actor": {"type": "string"},
                  "reason": {"type": "string"},
                  "from": {"type": "number"},
                  "to": {"type": "number"}
                },
                "required": ["actor", "at", "from", "reason", "to"],
                "additionalProperties": false
              }
            }
          },
          "required": ["name", "match", "legacy"],
          "additionalProperties": false
        },
        "Overview": {
          "type": "object",
          "properties": {
            "version": {"type": "integer"},
            "journal": {
              "type": "object",
              "properties": {
                "installation": {"type": "string"},
                "sequence": {"type": "integer"},
                "head": {"type": "string"},
                "overdue": {"type": "integer"},
                "failure": {"type": "string"}
              },
              "required": ["installation", "sequence", "overdue"],
              "additionalProperties": false
            },
            "isLeading": {"type": "boolean"},
            "isFrozen": {"type": "boolean"},
            "isKilled": {"type": "boolean"},
            "routes": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "name": {"type": "string"},
                  "percent": {"type": "number"},
                  "filePercent": {"type": "number"},
                  "cutover": {"type": "string"}
                },
                "required": ["name", "percent", "filePercent"],
                "additionalProperties": false
              }
            },
            "cutovers": {"type": "array", "items": {"$ref": "#/components/schemas/Cutover"}}
          },
          "required": [
            "cutovers",
            "isFrozen",
            "isKilled",
            "isLeading",
            "journal",
            "routes",
            "version"
          ],
          "additionalProperties": false
        },
        "Cutover": {
          "type": "object",
          "properties": {
            "name": {"type": "string"},
            "routes": {"type": "array", "items": {"type": "string"}},
            "phase": {
              "type": "string",
              "enum": ["ready", "under-way", "completed", "rolled-back", "ended"]
            },
            "percent": {"type": "number"},
            "stage": {"type": "integer"},
            "stages": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "percent": {"type": "number"},
                  "soakSeconds": {"type": "integer"},
                  "minimum": {"type": "integer"},
                  "needsApproval": {"type": "boolean"},
                  "evidence": {"type": "string"},
                  "tolerance": {"type": "number"}
                },
                "required": [
                  "evidence",
                  "minimum",
                  "needsApproval",
                  "percent",
                  "soakSeconds",
                  "tolerance"
                ],
                "additionalProperties": false
              }
            },
            "soakedSeconds": {"type": "integer"},
            "judged": {"type": "integer"},
            "isPaused": {"type": "boolean"},
            "isAwaitingApproval": {"type": "boolean"},
            "hold": {"type": "string"},
            "holdText": {"type": "string"},
            "endedBy": {"type": "integer"},
            "isOutdated": {"type": "boolean"},
            "gates": {"type": "array", "items": {"$ref": "#/components/schemas/Gate"}},
            "rollbacks": {
              "type": "object",
              "properties": {"automatic": {"type": "integer"}, "ordered": {"type": "integer"}},
              "required": ["automatic", "ordered"],
              "additionalProperties": false
            }
          },
          "required": [
            "name",
            "routes",
            "phase",
            "percent",
            "stage",
            "stages",
            "soakedSeconds",
            "judged",
            "isPaused",
            "isAwaitingApproval",
            "isOutdated",
            "gates",
            "rollbacks"
          ],
          "additionalProperties": false
        },
        "Gate": {
          "type": "object",
          "properties": {
            "route": {"type": "string"},
            "gate": {"type": "string"},
            "evidence": {"type": "number"},
            "threshold": {"type": "number"},
            "legacy": {
              "type": "object",
              "properties": {"requests": {"type": "integer"}, "bad": {"type": "integer"}},
              "required": ["bad", "requests"],
              "additionalProperties": false
            },
            "extracted": {
              "type": "object",
              "properties": {"requests": {"type": "integer"}, "bad": {"type": "integer"}},
              "required": ["bad", "requests"],
              "additionalProperties": false
            },
            "ceiling": {"type": "number"},
            "text": {"type": "string"}
          },
          "required": ["route", "gate", "evidence", "threshold", "legacy", "extracted", "text"],
          "additionalProperties": false
        },
        "JournalPage": {
          "type": "object",
          "properties": {
            "entries": {
              "type": "array",
              "items": {"$ref": "#/components/schemas/JournalEntry"}
            },
            "next": {"type": "integer"}
          },
          "required": ["entries"],
          "additionalProperties": false
        },
        "JournalEntry": {
          "type": "object",
          "properties": {
            "sequence": {"type": "integer"},
            "hash": {"type": "string"},
            "at": {"type": "string"},
            "kind": {"type": "string", "enum": ["moved", "cutover", "reverted"]},
            "revertedTo": {"type": "integer"},
            "actor": {"type": "string"},
            "reason": {"type": "string"},
            "isAutomatic": {"type": "boolean"},
            "cutover": {"type": "string"},
            "moves": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "route": {"type": "string"},
                  "from": {"type": "number"},
                  "to": {"type": "number"}
                },
                "required": ["from", "route", "to"],
                "additionalProperties": false
              }
            },
            "configurationHash": {"type": "string"},
            "evidence": {"type": "string"},
            "isState": {"type": "boolean"}
          },
          "required": [
            "sequence",
            "hash",
            "at",
            "kind",
            "actor",
            "reason",
            "isAutomatic",
            "moves",
            "configurationHash",
            "isState"
          ],
          "additionalProperties": false
        },
        "JournalVerdict": {
          "type": "object",
          "properties": {
            "installation": {"type": "string"},
            "sound": {"type": "integer"},
            "head": {"type": "string"},
            "fault": {"type": "string"}
          },
          "required": ["installation", "sound"],
          "additionalProperties": false
        },
        "Upstream": {
          "type": "object",
          "properties": {
            "name": {"type": "string"},
            "kind": {"type": "string"},
            "breaker": {"type": "string"}
          },
          "required": ["name", "kind", "breaker"]
        },
        "Counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "Shadow": {
          "type": "object",
          "properties": {
            "route": {"type": "string"},
            "shadow": {"type": "string"},
            "legacy": {"type": "string"},
            "extracted": {"type": "string"},
            "breaker": {"type": "string", "enum": ["closed", "open", "half-open"]},
            "sent": {"type": "integer"},
            "outcomes": {"$ref": "#/components/schemas/Counts"},
            "dropped": {"$ref": "#/components/schemas/Counts"},
            "failures": {"$ref": "#/components/schemas/Counts"},
            "reasks": {"type": "integer"},
            "inFlight": {"type": "integer"},
            "waiting": {"type": "integer"},
            "bufferedBytes": {"type": "integer"},
            "bufferedBytesPeak": {"type": "integer"},
            "bufferedBytesLimit": {"type": "integer"}
          },
          "required": [
            "route",
            "shadow",
            "legacy",
            "extracted",
            "breaker",
            "sent",
            "outcomes",
            "dropped",
            "failures",
            "reasks",
            "inFlight",
            "waiting",
            "bufferedBytes",
            "bufferedBytesPeak",
            "bufferedBytesLimit"
          ],
          "additionalProperties": false
        },
        "Configuration": {
          "type": "object",
          "properties": {
            "version": {"type": "integer"},
            "routes": {"type": "array", "items": {"$ref": "#/components/schemas/Route"}},
            "live": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "route": {"type": "string"},
                  "percent": {"type": "number"},
                  "file": {"type": "number"}
                },
                "required": ["file", "percent", "route"],
                "additionalProperties": false
              }
            },
            "lastApplied": {"$ref": "#/components/schemas/Reload"},
            "lastRejected": {"$ref": "#/components/schemas/Reload"}
          },
          "required": ["version", "routes", "live"],
          "additionalProperties": false
        },
        "Reload": {
          "type": "object",
          "properties": {
            "at": {"type": "string"},
            "cause": {"type": "string"},
            "changes": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "kind": {"type": "string"},
                  "subject": {"type": "string"},
                  "text": {"type": "string"}
                },
                "required": ["kind", "subject", "text"],
                "additionalProperties": false
              }
            },
            "reasons": {"type": "array", "items": {"type": "string"}}
          },
          "required": ["at", "cause"],
          "additionalProperties": false
        }
      }
    }
    """#
}
