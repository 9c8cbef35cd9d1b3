// SPDX-License-Identifier: Apache-2.0

internal import ServiceLeases

/// Instances of services that register themselves.
extension OpenAPIDocument {
  static let registryPaths: [String: OpenAPIValue] = [
    "/registry": [
      "get": get(
        "listInstances",
        "The instances that registered, by service. Good with the registry's token as well.",
        Answer(
          description: "Services and instances by name.",
          schema: object([
            "isComplete": flag.with([
              "description": """
              Every instance that lives had the time to say so since this proxy started, or since \
              it could not be reached or could not reach what proxies share. While it is false, \
              instances that are known from before and are not listed may live as well.
              """
            ]),
            "services": list(
              of: object(["name": string, "instances": list(of: schema("Instance"))])),
          ])))
    ],
    "/registry/{service}/{instance}": [
      "parameters": [instanceParameter("service"), instanceParameter("instance")],
      "put": operation(
        "registerInstance",
        "Registers an instance, or renews its lease. Upstreams of that registry give it requests "
          + "until the lease ends. Good with the registry's token as well.",
        Answer(description: "It is there.", schema: schema("Instance")),
        refusals: [400, 401, 409, 413, 415, 503]
      ).with([
        "requestBody": [
          "required": true, "content": ["application/json": ["schema": schema("Lease")]],
        ]
      ]),
      "delete": operation(
        "deregisterInstance",
        "Takes an instance out: no request that comes afterwards goes there, and those under way "
          + "are finished.",
        Answer(description: "It has left.", schema: left),
        others: [
          "202": Answer(
            description: "It has left here; the proxies that share the registry are told later.",
            schema: left)
        ], refusals: [400, 401, 404]),
    ],
  ]

  private static let left = object(["service": string, "name": string])

  private static func instanceParameter(_ name: String) -> OpenAPIValue {
    pathParameter(name, ["type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"])
  }

  static let registrySchemas: [String: OpenAPIValue] = [
    "Instance": object([
      "name": string, "endpoint": string, "lease": integer, "endsInMilliseconds": wholeNumber,
    ]),
    "Lease": object([
      "endpoint": address,
      "lease": [
        "type": "integer", "minimum": .whole(LeaseTable.terms.lowerBound),
        "maximum": .whole(LeaseTable.terms.upperBound),
        "description": "Seconds until it ends unless it is renewed; renew at a third of that.",
      ],
    ]),
  ]

  private static let address: OpenAPIValue = [
    "type": "string", "maxLength": 47,
    "anyOf": [["pattern": .text(ipv4)], ["pattern": .text(ipv6)]],
    "not": ["pattern": #"^(0\.0\.0\.0|\[[0:]+\]):"#],
    "description": """
    An address and a port at which others reach it, such as 10.0.0.5:8080 or [2001:db8::5]:8080. \
    No name, and no address that stands for all of a machine.
    """,
  ]

  private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
  private static let port =
    "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}"
    + "|655[0-2][0-9]|6553[0-5])"
  private static let ipv4 = "^(\(octet)\\.){3}\(octet):\(port)$"

  /// Eight groups, or fewer around two colons.
  private static let ipv6: String = {
    let group = "[0-9a-fA-F]{1,4}"
    let shortened = (1...6).map { "(\(group):){1,\($0)}(:\(group)){1,\(7 - $0)}" }
    let forms =
      ["(\(group):){7}\(group)", "(\(group):){1,7}:", ":(:\(group)){1,7}"] + shortened
    return "^\\[(\(forms.joined(separator: "|")))\\]:\(port)$"
  }()
}
