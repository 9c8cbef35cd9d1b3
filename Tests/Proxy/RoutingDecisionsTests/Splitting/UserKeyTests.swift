// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct UserKeyTests {
  private let buckets = UserBuckets(group: "orders")

  private func bucket(
    _ sticky: [StickyKey], _ headers: [(String, String)], percent: Percentage = .zero
  ) throws -> Int {
    var request = SampleRequest()
    request.headers = headers
    return try splitTable(percent: percent, sticky: sticky).decide(request).bucket
  }

  @Test func theFirstPlaceThatHoldsAKeyCounts() throws {
    let places: [StickyKey] = [.header("x-user-id"), .cookie("session"), .clientAddress]
    let cookie = ("Cookie", "theme=dark; session=abc")
    #expect(try bucket(places, [("X-USER-ID", "7"), cookie]) == buckets.bucket(of: "7"))
    #expect(try bucket(places, [("X-User-Id", ""), cookie]) == buckets.bucket(of: "abc"))
    #expect(try bucket(places, []) == buckets.bucket(of: "192.0.2.7"))
  }

  @Test(arguments: [
    ("session=abc", "abc"), ("a=b;session=abc", "abc"), ("session=\"abc\"", "abc"),
    ("xsession=no; session=abc", "abc"), ("session=; session=abc", "abc"),
    ("  session = abc ;z", "abc"), ("session=a=b", "a=b"),
  ])
  func cookiesAreFoundByTheirExactName(header: String, key: String) throws {
    #expect(try bucket([.cookie("session")], [("Cookie", header)]) == buckets.bucket(of: key))
  }

  @Test(arguments: ["", "Session=abc", "session", "theme=session=abc", ";;;"])
  func otherCookiesAreNoKey(header: String) throws {
    #expect(try bucket([.cookie("session")], [("Cookie", header)]) == -1)
  }

  @Test func severalCookieFieldsAreSearched() throws {
    let headers = [("cookie", "a=b"), ("COOKIE", "session=abc")]
    #expect(try bucket([.cookie("session")], headers) == buckets.bucket(of: "abc"))
  }

  @Test func aRequestWithoutAKeyStaysWithLegacyUntilThereIsNothingToDeal() throws {
    let almost = try #require(Percentage(parsing: "99.99"))
    let request = SampleRequest()
    let before = try splitTable(percent: almost).decide(request)
    #expect(before == RoutingDecision(routeIndex: 0, side: .legacy, upstream: 0))
    let after = try splitTable(percent: .full).decide(request)
    #expect(after.side == .extracted)
    #expect(after.bucket == -1)
  }
}
