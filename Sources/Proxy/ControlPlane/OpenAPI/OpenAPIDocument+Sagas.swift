// SPDX-License-Identifier: Apache-2.0

/// Business processes over several services.
extension OpenAPIDocument {
  static let sagaPaths: [String: OpenAPIValue] = [
    "/sagas": [
      "get": get(
        "listSagas", "Sagas of the outbox's database, those that began last first.",
        Answer(description: "Sagas.", schema: object(["sagas": list(of: schema("Saga"))])),
        refusals: [400, 409, 503],
        parameters: [
          parameter("state", in: "query", oneOf(SagaStatus.State.self), "Only in this state."),
          parameter("saga", in: "query", sagaName, "Only of this definition."),
          parameter("limit", in: "query", sagaLimit, "At most so many."),
        ])
    ],
    "/sagas/{id}": [
      "parameters": [
        pathParameter(
          "id",
          [
            "type": "string",
            "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,\(SagasController.longestName - 1)}$",
          ])
      ],
      "get": get(
        "showSaga", "One saga with what became of its steps, and what operators decided.",
        Answer(description: "The saga.", schema: schema("SagaTimeline")),
        refusals: [404, 409, 503]),
    ],
  ]

  private static let sagaName: OpenAPIValue = [
    "type": "string", "minLength": 1, "maxLength": .whole(SagasController.longestName),
  ]

  private static let sagaLimit: OpenAPIValue = [
    "type": "integer", "minimum": .whole(SagaQuestion.limits.lowerBound),
    "maximum": .whole(SagaQuestion.limits.upperBound), "default": .whole(SagaQuestion.usualLimit),
  ]

  private static let direction = oneOf(SagaStatus.Direction.self)
  private static let stepState = oneOf(SagaStatus.StepState.self)

  static let sagaSchemas: [String: OpenAPIValue] = [
    "Saga": object(
      [
        "id": string, "saga": string, "version": integer, "state": oneOf(SagaStatus.State.self),
        "direction": direction, "attempts": wholeNumber, "begunAt": string,
      ],
      optional: [
        "step": string, "stepState": stepState, "endedAt": string, "wakeAt": string,
        "orchestrator": string, "failure": string,
      ]),
    "SagaTimeline": object(
      [
        "saga": schema("Saga"), "arrivals": wholeNumber,
        "steps": list(
          of: object(
            [
              "step": string, "direction": direction, "kind": oneOf(SagaTimeline.Entry.Kind.self),
              "state": stepState, "attempts": wholeNumber, "mayHaveRun": flag, "begunAt": string,
              "key": string,
            ], optional: ["dueAt": string, "endedAt": string, "failure": string])),
        "decisions": list(
          of: object(["at": string, "actor": string, "order": string, "reason": string])),
      ], optional: ["deadline": string]),
  ]
}
