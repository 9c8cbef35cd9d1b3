// SPDX-License-Identifier: Apache-2.0

import ServiceCalls
import Testing
import TransactionalMessaging

@Suite("The context of calls")
struct CallContextTests {
  private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private func context(_ fields: [String: String]) -> CallContext {
    CallContext(receivedAt: 1000) { fields[$0] }
  }

  @Test("The time that is left counts from when the request came")
  func deadline() {
    #expect(context([CallContext.timeoutField: "800"]).deadline == 1800)
    // Envoy's 0 is no limit, and what cannot be read is none either.
    for text in ["0", "", "-5", "soon", "18446744073709551615"] {
      #expect(context([CallContext.timeoutField: text]).deadline == nil, "\(text)")
    }
    #expect(context([:]) == CallContext())
  }

  @Test("A trace is taken over with its state, and only when it is one")
  func trace() {
    let taken = context(["traceparent": Self.parent, "tracestate": "a=1"]).trace
    #expect(taken == TraceContext(parent: Self.parent, state: "a=1"))
    #expect(context(["traceparent": "00-0-0-0", "tracestate": "a=1"]).trace == nil)
  }

  @Test("A deadline only ever comes closer")
  func limiting() {
    let open = CallContext().limited(to: .seconds(2), at: 1000)
    #expect(open.deadline == 3000)
    #expect(open.limited(to: .seconds(9), at: 1500).deadline == 3000)
    #expect(open.limited(to: .seconds(1), at: 1500).deadline == 2500)
    #expect(CallContext().limited(to: .seconds(60), at: .max - 5).deadline == .max)
  }
}
