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
    #expect(TraceContext(text: context.text) == context)
  }

  @Test("Of a version to come what is known is read; version 00 has nothing more")
  func versions() throws {
    let rest = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let future = try #require(TraceContext(parent: "cc\(rest)-what-comes-then"))
    #expect(future.child(span: 1).parent == "00-\(future.trace)-0000000000000001-01")
    for wrong in [
      "cc\(rest).what", "cc\(rest)01", "00\(rest)-x", "ff\(rest)", " 00\(rest)", "00\(rest) ",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "0\(rest)",
    ] {
      #expect(TraceContext(parent: wrong) == nil, "\(wrong)")
    }
  }

  @Test("Both headers are one text, and are read from it")
  func text() throws {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    #expect(TraceContext(parent: parent)?.text == parent)
    #expect(TraceContext(text: "\(parent) a=1, b=2")?.state == "a=1, b=2")
    #expect(TraceContext(text: "") == nil && TraceContext(text: "nonsense a=1") == nil)
  }
}
