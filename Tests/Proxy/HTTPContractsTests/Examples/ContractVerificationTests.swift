// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import Testing

@Suite struct ContractVerificationTests {
  private func checked(
    _ outcome: ContractVerification.Outcome, redacted: [String] = []
  ) -> ContractVerification.Checked {
    ContractVerification.Checked(
      file: "get-a-200.json",
      example: ContractExample(
        request: .init(method: "GET", target: "/a", headers: [], body: .none),
        answer: .init(status: 200, headers: [], body: .none), redacted: redacted),
      outcome: outcome)
  }

  private static let broken = ContractVerification.Outcome.broken(
    [ContractMismatch(.status, .value, expected: "200", found: "401")], unlisted: 2)

  @Test func `the verdict is about what was sent`() {
    func verdict(_ outcomes: ContractVerification.Outcome...) -> ContractVerification.Verdict {
      ContractVerification(service: "s", checked: outcomes.map { checked($0) }).verdict
    }
    #expect(verdict(.kept, .unsent) == .kept)
    #expect(verdict(.kept, Self.broken) == .broken)
    #expect(verdict(.kept, .unanswered("x")) == .broken)
    #expect(verdict(.unanswered("x"), .unsent) == .unanswered)
    #expect(verdict(.unsent) == .unanswered)
  }

  @Test func `the text tells what is not kept, and what may be missing`() {
    let verification = ContractVerification(
      service: "http://s",
      checked: [
        checked(.kept), checked(Self.broken, redacted: ["header authorization", "query x"]),
        checked(.unanswered("no connection")), checked(.unsent),
      ])
    #expect(
      verification.text == """
        GET /a 200: broken (get-a-200.json)
          status: expected 200, found 401
          and 2 more
          the recorded request had authorization, which was left out; give it with --header
        GET /a 200: no answer (get-a-200.json)
          no connection
        4 examples: 1 kept, 1 broken, 1 without an answer, 1 not sent: they may change data \
        (--allow-unsafe)

        """)
  }
}
