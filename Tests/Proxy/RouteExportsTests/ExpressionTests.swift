// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@testable import RouteExports

@Suite struct ExpressionTests {
  @Test func `plain templates make expressions that people can read`() throws {
    func normalized(_ template: String) throws -> String {
      PathExpression(try PathTemplate(parsing: template)).normalized
    }
    #expect(try normalized("/orders/{id}") == "/orders/[^/]+")
    #expect(try normalized("/orders/**") == "/orders(?:/.*)?")
    #expect(try normalized("/**") == "/.*")
    #expect(try normalized("/") == "/")
    #expect(try normalized("/v1.0/") == "/v1\\.0/")
  }

  @Test func `what the decoded path would hide is looked for in the path as it came`() throws {
    for template in ["/a,b", "/a%2Cb", "/caf%C3%A9", "/a+b/{id}"] {
      #expect(PathExpression(try PathTemplate(parsing: template)).needsReceivedPath, "\(template)")
    }
    let comma = PathExpression(try PathTemplate(parsing: "/a,b"))
    #expect(comma.received == "/(?:a|%61)\\x2C(?:b|%62)")
    let encoded = PathExpression(try PathTemplate(parsing: "/x%2cy"))
    #expect(encoded.received == "/(?:x|%78)%2[Cc](?:y|%79)")
  }

  @Test func `no text breaks out of an expression`() {
    let hostile = "\"'`$;{}()[]<>|&*?+^\\#% \n\r\t\u{0}é"
    let expression = ExpressionText.literal(hostile)
    #expect(expression.utf8.allSatisfy { $0 == 0x5C || ExpressionText.isAlphanumeric($0) })
  }

  @Test func `durations are written as each target reads them`() {
    #expect(ExportTime.seconds(.milliseconds(1_050)) == "1.050s")
    #expect(ExportTime.seconds(.seconds(30)) == "30s")
    #expect(ExportTime.units(.seconds(300)) == "5m")
    #expect(ExportTime.units(.milliseconds(5_461_005)) == "1h31m1s5ms")
    #expect(ExportTime.milliseconds(.microseconds(1)) == 1)
  }
}
