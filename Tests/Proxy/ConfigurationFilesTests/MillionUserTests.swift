// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import HTTPExchange
import RoutingDecisions
import Testing

/// What users are promised of the split, for a million of them.
///
/// Every user's bucket is looked up. What is decided for her goes through the decision that live
/// traffic takes: for all of them in a release build, for a sixteenth in a debug build, where a
/// decision takes thirty times as long.
@Suite struct MillionUserTests {
  private static let users = 1_000_000
  #if DEBUG
    private static let step = 16
  #else
    private static let step = 1
  #endif

  private static let first = table(
    """
    upstreams: { legacy: { endpoints: [127.0.0.1:1] }, shop: { endpoints: [127.0.0.1:2] } }
    routes:
      - { name: orders, match: { path: /orders/** }, legacy: legacy, extracted: shop,
          percent: 50, sticky: [ { header: x-user-id } ] }
      - { name: rest, match: { path: /** }, legacy: legacy }

    """)
  private static let second = table(
    """
    routes:
      - name: rest
        match: { path: /** }
        legacy: old
      - { name: carts, match: { path: /carts }, legacy: old, extracted: new, percent: 7 }
      - name: purchases
        group: orders
        match: { path: "/orders/**", methods: [GET, POST] }
        sticky: [ { header: X-User-Id }, { cookie: session }, client-address ]
        percent: 50.00
        legacy: old
        extracted: new
    upstreams:
      new: { endpoints: [127.0.0.1:4, 127.0.0.1:5] }
      old: { endpoints: [127.0.0.1:3] }

    """)

  private static func table(_ text: String) -> RoutingTable? {
    ConfigurationFile.decode(text, file: "s.yaml").configuration.flatMap { try? RoutingTable($0) }
  }

  /// Every user's bucket.
  private static let dealt: [Int] = {
    let buckets = UserBuckets(group: "orders")
    return UserRequests.withRequests { requests in
      (0..<users).map { buckets.bucket(of: requests.key(of: $0)) }
    }
  }()

  /// The replicas share no memory and no file: each reads the settings as somebody else would have
  /// written them.
  @Test func replicasAgreeOnEveryUser() throws {
    let (first, second) = (try #require(Self.first), try #require(Self.second))
    let apart = UserRequests.withRequests { requests in
      stride(from: 0, to: Self.users, by: Self.step).count { user in
        let (one, other) = (
          requests.decision(for: user, by: first), requests.decision(for: user, by: second)
        )
        return one.side != other.side || one.bucket != other.bucket
          || one.bucket != Self.dealt[user]
      }
    }
    #expect(apart == 0, "users whom the replicas do not agree on")
  }

  /// Fifty steps from 1 to 100 %: each has its share of the users within a tenth of a point, and
  /// whoever was moved stays moved.
  @Test func aRampMovesItsShareOfUsersAndNobodyBack() throws {
    var table = try #require(Self.first)
    var usersOfBucket = [Int](repeating: 0, count: UserBuckets.count)
    // One user of each bucket: what is decided for her is decided for all users in it.
    var representatives = [Int](repeating: -1, count: UserBuckets.count)
    for (user, bucket) in Self.dealt.enumerated() {
      usersOfBucket[bucket] += 1
      representatives[bucket] = user
    }
    try #require(!representatives.contains(-1), "a bucket without a user among a million")
    let asked = Array(stride(from: 0, to: UserBuckets.count, by: Self.step))
    var moved = Set<Int>()
    for step in 0..<50 {
      let hundredths = 100 + step * 9_900 / 49
      let share = try #require(Percentage(hundredths: hundredths))
      table = try table.settingPercent(ofRoute: "orders", to: share)
      let now = UserRequests.withRequests { requests in
        Set(
          asked.filter { bucket in
            requests.decision(for: representatives[bucket], by: table).side == .extracted
          })
      }
      #expect(moved.isSubset(of: now), "users went back at \(share) %")
      moved = now
      #expect(now == Set(asked.filter { $0 < hundredths }))
      let extracted = usersOfBucket[..<hundredths].reduce(0, +)
      let measured = Double(extracted) / Double(Self.users) * 100
      #expect(abs(measured - Double(hundredths) / 100) < 0.1, "\(measured) % at \(share) %")
    }
    #expect(moved.count == asked.count)
  }
}

/// Requests that differ by their user's id only, in one buffer.
private struct UserRequests {
  private static let parts = ["GET", "/orders/42", "", "shop.example", "x-user-id", "user-0000000"]
  private static let digits = 7

  private let bytes: UnsafeMutableRawBufferPointer
  private let view: RequestView

  static func withRequests<Result>(_ body: (UserRequests) throws -> Result) rethrows -> Result {
    var bytes = parts.flatMap { Array($0.utf8) }
    var ranges: [ByteRange] = []
    for part in parts {
      ranges.append(ByteRange(start: ranges.last?.end ?? 0, length: part.utf8.count))
    }
    let field = HeaderField(name: ranges[4], value: ranges[5])
    return try bytes.withUnsafeMutableBytes { bytes in
      try withUnsafePointer(to: field) { field in
        try body(
          UserRequests(
            bytes: bytes,
            view: RequestView(
              bytes: UnsafeRawBufferPointer(bytes), method: ranges[0], path: ranges[1],
              query: ranges[2], authority: ranges[3],
              fields: UnsafeBufferPointer(start: field, count: 1),
              clientAddress: UnsafeRawBufferPointer(start: nil, count: 0))))
      }
    }
  }

  func decision(for user: Int, by table: RoutingTable) -> RoutingDecision {
    _ = key(of: user)
    return table.decide(view)
  }

  /// Valid until the next call.
  func key(of user: Int) -> UnsafeRawBufferPointer {
    var rest = user
    for place in 1...Self.digits {
      bytes[bytes.count - place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    return view[view.fields[0].value]
  }
}
