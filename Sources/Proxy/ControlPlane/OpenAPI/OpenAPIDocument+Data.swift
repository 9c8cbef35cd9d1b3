// SPDX-License-Identifier: Apache-2.0

/// Tables that move while they are written.
extension OpenAPIDocument {
  private static let mapping = Answer(
    description: "Where it is now.", schema: schema("DataMapping"))
  private static let verification = Answer(
    description: "How far it is, or what it found.", schema: schema("DataVerification"))

  static let dataPaths: [String: OpenAPIValue] = [
    "/data": [
      "get": get(
        "listDataMappings",
        "Where every mapping of the section data is, as strangler data status.",
        Answer(
          description: "In the order in which tables are filled; at most a second old.",
          schema: object(["mappings": list(of: schema("DataMapping"))])), refusals: [409, 503])
    ],
    "/data/{name}": [
      "parameters": [name],
      "get": get("showDataMapping", "One mapping.", mapping, refusals: [404, 409, 503]),
    ],
    "/data/{name}/plan": [
      "parameters": [name],
      "get": get(
        "planData", "What would be copied, by which SQL, and what comes back. Nothing is written.",
        Answer(description: "How its table is filled.", schema: schema("DataMappingPlan")),
        refusals: [404, 409, 503]),
    ],
    "/data/{name}/check": [
      "parameters": [name],
      "get": get(
        "checkData",
        "Holds the mapping against both stores and their rows; each question ends after ten seconds. "
          + "Nothing is written.",
        Answer(description: "What does not hold.", schema: schema("DataMappingCheck")),
        refusals: [404, 409, 503]),
    ],
    "/data/{name}/advance": dataOrder(
      "advanceData",
      "Moves a mapping on by one state, once what that needs is there; 409 says "
        + "what is missing."),
    "/data/{name}/retreat": dataOrder(
      "retreatData", "Moves a mapping back by one state; nothing that was written is lost."),
    "/data/{name}/cutover": dataOrder(
      "cutOverData",
      "Moves the reads, then the writes, to the new side, if every gate holds; 409 says what is "
        + "missing, or why it was turned back."),
    "/data/{name}/retire": dataOrder(
      "retireData", "Freezes legacy's table for ever; there is no way back.",
      body: "DataRetirement"),
    "/data/{name}/backfill": dataOrder(
      "backfillData", "Copies what legacy has, in chunks, from where the last one ended."),
    "/data/{name}/repair": dataOrder(
      "repairData",
      "Carries rows that differ over again, from the side that takes the writes, and compares; "
        + "409 where some still differ."),
    "/data/{name}/verify": [
      "parameters": [name],
      "get": get(
        "showDataVerification", "The last comparison that this proxy was asked for.",
        verification, refusals: [404, 409, 503]),
      "post": operation(
        "verifyData", "Begins to compare both sides while they are written.", nil,
        others: ["202": verification], refusals: orderRefusals
      ).with(body("Order")),
    ],
  ]

  private static let orderRefusals = [400, 401, 404, 409, 413, 415, 503]

  private static func body(_ name: String) -> [String: OpenAPIValue] {
    [
      "requestBody": [
        "required": true, "content": ["application/json": ["schema": schema(name)]],
      ]
    ]
  }

  private static func dataOrder(
    _ id: String, _ summary: String, body name: String = "Order"
  ) -> OpenAPIValue {
    var underWay = mapping
    underWay.description = "The same: it is under way, and `order` says what comes of it."
    return [
      "parameters": [Self.name],
      "post": operation(
        id, summary, mapping, others: ["202": underWay], refusals: orderRefusals
      ).with(body(name)),
    ]
  }

  static let dataSchemas: [String: OpenAPIValue] = [
    "DataMapping": object(
      [
        "name": string, "from": string, "to": string, "way": way, "epoch": wholeNumber,
        "legacyFence": fence, "newFence": fence, "waiting": wholeNumber,
        "refused": list(of: string),
        "backfill": object(
          ["state": oneOf("missing", "unfinished", "finished", "other-mapping")],
          optional: ["rows": wholeNumber]),
        "gates": list(
          of: object([
            "name": string, "outcome": oneOf("holds", "missing", "open"),
            "missing": list(of: string),
          ])),
        "history": list(
          of: object([
            "at": string, "actor": string, "reason": string, "action": string, "from": string,
            "to": string, "epoch": wholeNumber, "evidence": string,
          ])),
      ],
      optional: ["order": schema("DataOrderStatus"), "verification": schema("DataVerification")]),
    "DataMappingPlan": object(["table": schema("DataTablePlan"), "warnings": list(of: string)]),
    "DataTablePlan": object(
      [
        "mapping": string, "from": string, "to": string, "key": list(of: string),
        "precision": oneOf("exactly", "about", "at least", "unknown"), "chunkRows": wholeNumber,
        "columns": list(of: object(["name": string, "from": string, "isReversed": flag])),
        "left": list(of: string), "reverse": list(of: string), "reads": string,
        "writes": string, "changes": string,
      ], optional: ["rows": wholeNumber, "chunks": wholeNumber, "reverseWrites": string]),
    "DataMappingCheck": object([
      "isUsable": flag,
      "findings": list(
        of: object(
          ["severity": oneOf("error", "warning"), "key": string, "message": string],
          optional: [
            "line": wholeNumber, "column": wholeNumber,
            "counterexample": object(["place": string, "key": string, "text": string]),
          ])),
      "questions": list(
        of: object(
          [
            "side": side, "key": string, "question": string,
            "outcome": oneOf("holds", "broken", "sampled", "open"),
          ], optional: ["reason": string])),
    ]),
    "DataRetirement": order([
      "confirm": words(atMost: DataController.longestName)
        .with(["description": "The mapping's name, once more. Refused with 409 if it is another."])
    ]),
    "DataOrderStatus": object(
      [
        "order": oneOf(DataOrder.Action.self), "actor": string, "reason": string,
        "startedAt": string, "state": oneOf(DataOrderStatus.State.self),
        "details": list(of: string),
      ], optional: ["pauseMilliseconds": number]),
    "DataVerification": object(
      [
        "mapping": string, "actor": string, "reason": string, "startedAt": string,
        "state": oneOf(DataVerification.State.self), "rowsRead": wholeNumber,
      ],
      optional: [
        "endedAt": string, "failure": string, "found": schema("DataComparison"),
      ]),
    "DataComparison": object([
      "isEqual": flag, "legacyRows": wholeNumber, "newRows": wholeNumber,
      "counts": object([
        "missing": wholeNumber, "extra": wholeNumber, "differs": wholeNumber,
        "encoding": wholeNumber, "stale": wholeNumber,
      ]),
      "rows": list(
        of: object([
          "kind": string, "key": string,
          "columns": list(
            of: object(["name": string], optional: ["legacy": string, "new": string])),
        ])), "checks": wholeNumber, "unsettled": wholeNumber,
    ]),
  ]

  private static let side = oneOf("legacy", "new")
  private static let fence = oneOf("free", "primary", "follower", "closed")
  private static let way = object(
    [
      "state": string, "target": string, "isSettled": flag, "states": list(of: string),
      "summary": string, "writes": side, "reads": side,
    ], optional: ["next": string, "back": string])
}
