// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct RoutesTests {
  static let configuration = """
    proxy: { listen: 127.0.0.1:0, admin: 127.0.0.1:0, workers: 1 }
    upstreams:
      legacy: { endpoints: [127.0.0.1:9001] }
      orders: { endpoints: [127.0.0.1:9002] }
    routes:
      - name: orders
        match: { path: /orders/**, methods: [GET, POST] }
        legacy: legacy
        extracted: orders
        percent: 5
        sticky: [ { header: x-user-id }, client-address ]
      - { name: everything-else, match: { path: /** }, legacy: legacy }

    """

  @Test func `a good file is valid and listed`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(Self.configuration, to: "strangler.yaml")
    let valid = try await Executable.strangler.run(["routes", "validate", "--config", file])
    #expect(valid.exitCode == 0)
    let list = try await Executable.strangler.run(["routes", "list", "--config", file])
    #expect(list.exitCode == 0)
    #expect(list.output.contains("orders"))
    #expect(list.output.contains("everything-else"))
    #expect(list.output.contains("5"))
  }

  @Test func `all errors come at once, each with its line`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      """
      proxy: { listen: nowhere }
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001] }
      routes:
        - { name: orders, match: { path: /orders/** }, legacy: legcy, percent: 140 }

      """, to: "strangler.yaml")
    let outcome = try await Executable.strangler.run(["routes", "validate", "--config", file])
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors.contains("strangler.yaml:1:"))
    #expect(outcome.errors.contains("strangler.yaml:5:"))
    #expect(outcome.errors.contains("percent"))
    #expect(outcome.errors.contains("legcy"))
    let proxy = try await Executable.strangler.run(["proxy", "--config", file])
    #expect(proxy.exitCode == 2)
    #expect(proxy.errors.contains("strangler.yaml:1:"))
  }

  @Test func `certificates that a start could not read are errors with their lines`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      """
      proxy:
        listen: 127.0.0.1:0
        tls:
          certificates:
            - { certificate: nowhere.pem, key: nowhere.key }
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001], tls: { ca: no-authorities.pem } }
      routes:
        - { name: all, match: { path: /** }, legacy: legacy }

      """, to: "strangler.yaml")
    let outcome = try await Executable.strangler.run(["routes", "validate", "--config", file])
    #expect(outcome.exitCode == 1)
    #expect(
      outcome.errors.contains(
        "strangler.yaml:5:24: error: proxy.tls.certificates[0].certificate: nowhere.pem cannot be"))
    #expect(
      outcome.errors.contains(
        "strangler.yaml:7:53: error: upstreams.legacy.tls.ca: no-authorities.pem cannot be read"))
  }

  @Test func `explain says which rule answers and why`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(Self.configuration, to: "strangler.yaml")
    let explain = ["routes", "explain", "--config", file]
    let order = try await Executable.strangler.run(
      explain + ["GET /orders/42", "-H", "x-user-id: 7"])
    #expect(order.exitCode == 0)
    #expect(order.output.contains("orders"))
    #expect(order.output.contains("x-user-id"))
    #expect(order.output.contains("bucket"))
    let other = try await Executable.strangler.run(explain + ["DELETE /orders/42"])
    #expect(other.output.contains("everything-else"))
    let bad = try await Executable.strangler.run(explain + ["no request"])
    #expect(bad.exitCode == 2)
  }

  @Test func `a plan is forecast at a given traffic`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      Self.configuration + """
        cutovers:
          orders:
            routes: [orders]
            stages: [ { percent: 5, soak: 30m }, { percent: 50, soak: 1h, minimum: 100000 } ]

        """, to: "strangler.yaml")
    func validate(_ requestsPerSecond: String) async throws -> Outcome {
      try await Executable.strangler.run([
        "routes", "validate", "--config", file, "--requests-per-second", requestsPerSecond,
      ])
    }
    let busy = try await validate("100")
    #expect(busy.exitCode == 0, "\(busy.errors)")
    #expect(busy.output.contains("cutover orders:\n  5 %: 9 min for "), "\(busy.output)")
    #expect(busy.output.contains("; soak 30 min; 5 % errors: back after about "))
    let quiet = try await validate("1")
    #expect(quiet.exitCode == 1)
    #expect(
      quiet.errors.contains(
        "cutovers.orders.stages[1].minimum: a soak of 60 min brings about 1800 of the 100000"),
      "\(quiet.errors)")
    #expect(try await validate("-1").exitCode == 2)
  }

  @Test func `routes are exported with what cannot be told`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write(Self.configuration, to: "strangler.yaml")
    let written = scratch.path + "/strangler.conf"
    let notes = scratch.path + "/notes.json"
    let export = ["routes", "export", "--config", file, "--format"]
    let nginx = try await Executable.strangler.run(
      export + ["nginx", "--output", written, "--notes", notes])
    #expect(nginx.exitCode == 0, "\(nginx.errors)")
    #expect(nginx.output.isEmpty)
    #expect(nginx.errors.contains("at the head of the file: what nginx cannot be told"))
    let text = try String(contentsOfFile: written, encoding: .utf8)
    #expect(text.hasPrefix("# Routes of strangler for nginx."))
    #expect(
      text.contains("# - route orders, percent: 5 % of the users go to orders by a hash of nginx"))
    let json = try String(contentsOfFile: notes, encoding: .utf8)
    #expect(json.contains("\"setting\" : \"percent\""))
    for format in ["envoy", "gateway-api", "haproxy"] {
      let outcome = try await Executable.strangler.run(export + [format, "--strict"])
      #expect(outcome.exitCode == 1, "\(format): a share deals other users")
      #expect(outcome.output.contains("orders"))
    }
    #expect(try await Executable.strangler.run(export + ["apache"]).exitCode == 2)
  }
}
