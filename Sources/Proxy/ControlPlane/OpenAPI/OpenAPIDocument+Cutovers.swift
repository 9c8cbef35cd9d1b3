// SPDX-License-Identifier: Apache-2.0

/// Cutovers and their journal.
extension OpenAPIDocument {
  private static let cutover = Answer(
    description: "Where it stands now.", schema: schema("Cutover"))
  private static let overview = Answer(
    description: "The state of everything.", schema: schema("Overview"))

  static let cutoverPaths: [String: OpenAPIValue] = [
    "/cutovers": [
      "get": get(
        "listCutovers",
        "Where every cutover stands, why it does not go on, and what its gates say.", overview,
        refusals: [409])
    ],
    "/cutovers/{name}": [
      "parameters": [name],
      "get": get("showCutover", "One cutover.", cutover, refusals: [404, 409]),
    ],
    "/cutovers/{name}/start": cutoverOrder(
      "startCutover",
      "Begins the first stage of the plan in force; refused where the plan skips its gates, unless "
        + "that is meant.", body: "StartOrder"),
    "/cutovers/{name}/approve": [
      "parameters": [name],
      "post": order(
        "approveCutover",
        "Approves the stage that waits for it: 412 when the cutover moved on since, has another "
          + "plan, or was started anew.", "ApprovalOrder", cutover, refusals: [412]),
    ],
    "/cutovers/{name}/pause": cutoverOrder(
      "pauseCutover", "Promotes nothing until resume; the gates stay awake."),
    "/cutovers/{name}/resume": cutoverOrder("resumeCutover", "Goes on after a pause."),
    "/cutovers/{name}/rollback": cutoverOrder(
      "rollBackCutover", "Takes all routes of the cutover back to legacy."),
    "/freeze": [
      "post": order(
        "freeze", "Starts and promotes nothing anywhere while it is on.", "SwitchOrder", overview)
    ],
    "/kill-switch": [
      "post": order(
        "setKillSwitch", "On sends everybody to legacy and keeps them there; off moves nobody.",
        "SwitchOrder", overview)
    ],
    "/journal": [
      "get": get(
        "readJournal", "What was done, by whom and why, oldest first.",
        Answer(description: "Entries.", schema: schema("JournalPage")), refusals: [400, 409, 503],
        parameters: [
          parameter("after", in: "query", wholeNumber, "Entries behind this one."),
          parameter("limit", in: "query", pageLimit, "At most so many."),
        ])
    ],
    "/journal/verify": [
      "get": get(
        "verifyJournal", "Checks every entry, from the first to the last.",
        Answer(description: "What it came to.", schema: schema("JournalVerdict")),
        refusals: [409, 503])
    ],
    "/journal/revert": [
      "post": order(
        "revert", "Takes every route back to where it stood after an entry.", "RevertOrder",
        overview)
    ],
  ]

  private static func cutoverOrder(
    _ id: String, _ summary: String, body: String = "Order"
  ) -> OpenAPIValue {
    ["parameters": [name], "post": order(id, summary, body, cutover)]
  }

  private static let pageLimit: OpenAPIValue = [
    "type": "integer", "minimum": 1, "maximum": .whole(JournalPage.limit),
    "default": .whole(JournalController.pageSize),
  ]

  static let cutoverSchemas: [String: OpenAPIValue] = [
    "Overview": object(
      [
        "version": integer,
        "journal": object(
          [
            "installation": string, "sequence": integer, "overdue": integer,
            "isOverdueKept": flag,
          ],
          optional: ["head": string, "failure": string, "sharing": schema("Sharing")]),
        "isLeading": flag, "isFrozen": flag, "isKilled": flag,
        "routes": list(
          of: object(
            ["name": string, "percent": number, "filePercent": number],
            optional: ["cutover": string, "heldPercent": number])),
        "cutovers": list(of: schema("Cutover")),
      ], optional: ["moves": list(of: move)]),
    "Sharing": object(
      [
        "role": oneOf("leading", "following", "cut-off"), "name": string,
        "configurationHash": string, "replicas": list(of: replica),
      ], optional: ["cutOffSince": string, "cutOffReason": string, "leader": string]),
    "Cutover": object(
      [
        "name": string, "plan": string, "routes": list(of: string),
        "phase": oneOf("ready", "under-way", "completed", "rolled-back", "ended"),
        "percent": number, "stage": integer, "stages": list(of: stage), "soakedSeconds": integer,
        "judged": integer, "isPaused": flag, "isAwaitingApproval": flag, "isOutdated": flag,
        "gates": list(of: schema("Gate")),
        "rollbacks": object(["automatic": integer, "ordered": integer]),
      ], optional: ["hold": string, "holdText": string, "endedBy": integer, "end": end]),
    "Gate": object(
      [
        "route": string, "gate": string, "evidence": number, "threshold": number,
        "legacy": counts, "extracted": counts, "text": string,
      ], optional: ["ceiling": number]),
    "JournalPage": object(
      ["entries": list(of: schema("JournalEntry"))], optional: ["next": integer]),
    "JournalEntry": object(
      [
        "sequence": integer, "hash": string, "at": string,
        "kind": oneOf("moved", "cutover", "reverted"), "actor": string, "reason": string,
        "isAutomatic": flag, "moves": list(of: move), "configurationHash": string,
        "isState": flag,
      ], optional: ["revertedTo": integer, "cutover": string, "evidence": string]),
    "JournalVerdict": object(
      ["installation": string, "sound": integer], optional: ["head": string, "fault": string]),
  ]

  private static let replica = object(
    [
      "name": string, "isLeading": flag, "sequence": integer, "behind": integer,
      "configurationHash": string, "silentMilliseconds": integer, "isCounted": flag,
    ], optional: ["admin": string, "strangeRoutes": list(of: string)])
  private static let end = object([
    "entry": integer, "at": string, "actor": string, "reason": string, "isAutomatic": flag,
  ])
  private static let counts = object(["requests": integer, "bad": integer])
  private static let move = object(["route": string, "from": number, "to": number])
  private static let stage = object(
    [
      "evidence": string, "minimum": integer, "needsApproval": flag, "percent": number,
      "soakSeconds": integer, "tolerance": number,
    ])
}
