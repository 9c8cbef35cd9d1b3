// SPDX-License-Identifier: Apache-2.0

extension OpenAPIDocument {
  /// Members of `paths`: cutovers and their journal.
  static let cutoverPaths = #"""
    "/cutovers": {
      "get": {
        "operationId": "listCutovers",
        "summary": "Where every cutover stands, why it does not go on, and what its gates say.",
        "responses": {
          "200": {
            "description": "The state of everything.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Overview"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/cutovers/{name}": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "get": {
        "operationId": "showCutover",
        "summary": "One cutover.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "404": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/cutovers/{name}/start": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "post": {
        "operationId": "startCutover",
        "summary": "Begins the first stage of the plan in force.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        }
      }
    },
    "/cutovers/{name}/approve": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "post": {
        "operationId": "approveCutover",
        "summary": "Approves the stage that waits for it.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        }
      }
    },
    "/cutovers/{name}/pause": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "post": {
        "operationId": "pauseCutover",
        "summary": "Promotes nothing until resume; the gates stay awake.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        }
      }
    },
    "/cutovers/{name}/resume": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "post": {
        "operationId": "resumeCutover",
        "summary": "Goes on after a pause.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        }
      }
    },
    "/cutovers/{name}/rollback": {
      "parameters": [
        {
          "name": "name",
          "in": "path",
          "required": true,
          "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
        }
      ],
      "post": {
        "operationId": "rollBackCutover",
        "summary": "Takes all routes of the cutover back to legacy.",
        "responses": {
          "200": {
            "description": "Where it stands now.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Cutover"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
        }
      }
    },
    "/freeze": {
      "post": {
        "operationId": "freeze",
        "summary": "Starts and promotes nothing anywhere while it is on.",
        "responses": {
          "200": {
            "description": "The state of everything.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Overview"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/SwitchOrder"}}
          }
        }
      }
    },
    "/kill-switch": {
      "post": {
        "operationId": "setKillSwitch",
        "summary": "On sends everybody to legacy and keeps them there; off moves nobody.",
        "responses": {
          "200": {
            "description": "The state of everything.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Overview"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/SwitchOrder"}}
          }
        }
      }
    },
    "/journal": {
      "get": {
        "operationId": "readJournal",
        "summary": "What was done, by whom and why, oldest first.",
        "responses": {
          "200": {
            "description": "Entries.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/JournalPage"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "400": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"},
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "parameters": [
          {
            "name": "after",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0},
            "description": "Entries behind this one."
          },
          {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "default": 100},
            "description": "At most so many, up to 1000."
          }
        ]
      }
    },
    "/journal/verify": {
      "get": {
        "operationId": "verifyJournal",
        "summary": "Checks every entry, from the first to the last.",
        "responses": {
          "200": {
            "description": "What it came to.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/JournalVerdict"}}
            }
          },
          "401": {"$ref": "#/components/responses/Problem"},
          "403": {"$ref": "#/components/responses/Problem"},
          "421": {"$ref": "#/components/responses/Problem"},
          "409": {"$ref": "#/components/responses/Problem"},
          "503": {"$ref": "#/components/responses/Problem"}
        }
      }
    },
    "/journal/revert": {
      "post": {
        "operationId": "revert",
        "summary": "Takes every route back to where it stood after an entry.",
        "responses": {
          "200": {
            "description": "The state of everything.",
            "content": {
              "application/json": {"schema": {"$ref": "#/components/schemas/Overview"}}
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
          "503": {"$ref": "#/components/responses/Problem"}
        },
        "requestBody": {
          "required": true,
          "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/RevertOrder"}}
          }
        }
      }
    }
    """#
}
