// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// What is copied to extracted sides, and what comparing both sides found.
extension OpenAPIDocument {
  static let evidencePaths: [String: OpenAPIValue] = [
    "/shadows": [
      "get": get(
        "listShadows", "What is copied to extracted sides, and what came of it.",
        Answer(
          description: "The routes that shadow, with their numbers since the start.",
          schema: list(of: schema("Shadow"))))
    ],
    "/shadows/evidence": [
      "get": get(
        "showEvidence",
        "Match rates and differing paths of the run that goes on, as strangler shadow report.",
        Answer(
          description: "The report; at most five seconds old.", schema: schema("Evidence")),
        refusals: [503])
    ],
    "/shadows/pairs/{id}": [
      "parameters": [pathParameter("id", wholeNumber)],
      "get": get(
        "showPair", "Both answers to one request, line by line.",
        Answer(
          description: "The pair, redacted when it was stored.", schema: schema("ComparedPair")),
        refusals: [400, 404, 503]),
    ],
  ]

  static let evidenceSchemas: [String: OpenAPIValue] = [
    "Counts": ["type": "object", "additionalProperties": integer],
    "Shadow": object([
      "route": string, "shadow": string, "legacy": string, "extracted": string,
      "breaker": oneOf("closed", "open", "half-open"), "sent": integer,
      "outcomes": schema("Counts"), "undecided": integer, "extractedOdd": integer,
      "legacyOdd": integer, "dropped": schema("Counts"), "failures": schema("Counts"),
      "reasks": integer, "inFlight": integer, "waiting": integer, "bufferedBytes": integer,
      "bufferedBytesPeak": integer, "bufferedBytesLimit": integer,
    ]),
    "Evidence": object([
      "comparisons": integer, "reasks": integer, "reasksOverBudget": integer,
      "droppedComparisons": integer, "hasDifferences": flag, "runs": list(of: run),
      "endpoints": list(of: schema("ComparedEndpoint")),
    ]),
    "ComparedEndpoint": object([
      "name": string, "requests": integer, "outcomes": schema("Counts"),
      "notCompared": schema("Counts"), "matchRate": orNull(number),
      "matchRateInterval": list(of: number), "unlistedDifferences": integer,
      "latencyMicroseconds": orNull(object(["legacy": latency, "extracted": latency])),
      "paths": list(of: schema("DifferingPath")),
    ]),
    "DifferingPath": object([
      "path": string, "kind": kind,
      "label": oneOf(NoiseLabel.self),
      "count": integer, "extractedOdd": integer, "legacyOdd": integer, "volatile": integer,
      "lnEvidence": orNull(number), "believed": flag, "isDifference": flag,
      "legacyExample": orNull(string), "extractedExample": orNull(string),
      "approval": orNull(
        object(["actor": string, "reason": string, "approvedAt": integer])),
      "pairs": list(of: integer),
    ]),
    "ComparedPair": object([
      "pair": integer, "endpoint": string, "request": string, "comparedAt": integer,
      "differences": list(
        of: object(
          ["path": string, "kind": kind], optional: ["legacy": string, "extracted": string])),
      "lines": list(
        of: object(["isChanged": flag], optional: ["legacy": string, "extracted": string])),
    ]),
  ]

  private static let kind = oneOf(PathKind.Kind.self)
  private static let run = object([
    "number": integer, "source": oneOf("live", "replay"), "legacy": string, "extracted": string,
    "startedAt": integer,
  ])
  private static let latency = object(["median": integer, "p95": integer])
}
