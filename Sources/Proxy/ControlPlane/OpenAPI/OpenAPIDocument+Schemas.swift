// SPDX-License-Identifier: Apache-2.0

/// What schemas are made of.
extension OpenAPIDocument {
  static let string: OpenAPIValue = ["type": "string"]
  static let integer: OpenAPIValue = ["type": "integer"]
  static let number: OpenAPIValue = ["type": "number"]
  static let flag: OpenAPIValue = ["type": "boolean"]
  static let wholeNumber = integer(from: 0)
  static let share: OpenAPIValue = [
    "type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01,
  ]
  /// An entity tag: the version of the routing table in quotes.
  static let tag: OpenAPIValue = ["type": "string", "pattern": "^\"[0-9]{1,15}\"$"]

  /// A whole number that every program holds exactly.
  static func integer(from least: Int) -> OpenAPIValue {
    ["type": "integer", "minimum": .whole(least), "maximum": .whole(Int(WholeNumber.largest))]
  }

  static func list(of element: OpenAPIValue) -> OpenAPIValue {
    ["type": "array", "items": element]
  }

  static func oneOf(_ words: String...) -> OpenAPIValue {
    ["type": "string", "enum": .list(words.map { .text($0) })]
  }

  static func oneOf<Word: CaseIterable & RawRepresentable<String>>(_: Word.Type) -> OpenAPIValue {
    ["type": "string", "enum": .list(Word.allCases.map { .text($0.rawValue) })]
  }

  static func orNull(_ schema: OpenAPIValue) -> OpenAPIValue {
    ["anyOf": [schema, ["type": "null"]]]
  }

  static func schema(_ name: String) -> OpenAPIValue { ["$ref": "#/components/schemas/\(name)"] }

  /// An object with these members and no others.
  static func object(
    _ required: [String: OpenAPIValue], optional: [String: OpenAPIValue] = [:]
  ) -> OpenAPIValue {
    [
      "type": "object",
      "properties": .object(required.merging(optional) { required, _ in required }),
      "required": .list(required.keys.sorted().map { .text($0) }),
      "additionalProperties": false,
    ]
  }

  /// Words for people: some letter or sign, and no control characters but breaks and tabs.
  static func words(atMost length: Int) -> OpenAPIValue {
    // Those that turn the direction of writing.
    let turning = #"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"#
    let kept = #"[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"# + turning + "]*"
    return [
      "type": "string", "minLength": 1, "maxLength": .whole(length),
      "pattern": .text("^" + kept + #"[^\s\x00-\x1f\x7f-\x9f"# + turning + "]" + kept + "$"),
    ]
  }

  /// Who orders what, and why. A proxy without a journal does not insist on who, and writes down
  /// the client's address then.
  static func order(
    _ required: [String: OpenAPIValue], optional: [String: OpenAPIValue] = [:]
  ) -> OpenAPIValue {
    let words: [String: OpenAPIValue] = [
      "actor": words(atMost: OrderBody.maximumActor)
        .with(["description": "Who orders it; kept with the address that it came from."]),
      "reason": words(atMost: OrderBody.maximumReason),
    ]
    return object(required.merging(words) { member, _ in member }, optional: optional)
  }

  static let orderSchemas: [String: OpenAPIValue] = [
    "Order": order([:]),
    "StartOrder": order(
      [:],
      optional: [
        "skip-gates": flag.with([
          "default": false,
          "description": "The plan compares next to nothing before everybody goes over, as meant.",
        ])
      ]),
    "ApprovalOrder": order([
      "stage": integer(from: 1).with(["description": "The stage that may begin, from 1."]),
      "plan": words(atMost: OrderBody.maximumActor)
        .with([
          "description": "`plan` of the cutover, as it was looked at: names the plan and its run."
        ]),
    ]),
    "SwitchOrder": order(["on": flag]),
    "RevertOrder": order(
      ["to": wholeNumber],
      optional: [
        "skip-gates": flag.with([
          "default": false,
          "description": "Raises shares that plans would reach by their gates only.",
        ])
      ]),
    "ShareOrder": order(
      ["percent": share],
      optional: [
        "skip-gates": flag.with([
          "default": false,
          "description":
            "The gates of the route's plan are not asked; a cutover under way ends.",
        ])
      ]),
  ]
}
