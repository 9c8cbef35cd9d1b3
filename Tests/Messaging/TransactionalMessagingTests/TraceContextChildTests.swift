// SPDX-License-Identifier: Apache-2.0

import Testing
import TransactionalMessaging

@Suite("Spans within a trace")
struct TraceContextChildTests {
  @Test(
    "A child keeps the trace and its state, in the version and with the flag that are known",
    arguments: [
      ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "01", true),
      ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "00", false),
      ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", "01", true),
      ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe", "00", false),
    ])
  func child(_ parent: String, _ flags: String, _ isSampled: Bool) throws {
    let context = try #require(TraceContext(parent: parent, state: "shop=1"))
    #expect(context.trace == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(context.span == "00f067aa0ba902b7")
    #expect(context.isSampled == isSampled)
    let child = context.child(span: 0xab)
    #expect(child.parent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-\(flags)")
    #expect(child.state == "shop=1")
    #expect(child.isSampled == isSampled)
    #expect(TraceContext(parent: child.parent) == TraceContext(parent: child.parent, state: nil))
    #expect(context.child(span: .max).span == "ffffffffffffffff")
  }
}
