// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct UserBucketsTests {
  /// Replicas of different versions agree only while these never change; computed by an
  /// independent implementation of the documented algorithm.
  @Test func bucketsAreTheSameForEver() {
    let orders = UserBuckets(group: "orders")
    #expect(orders.bucket(of: "7") == 8672)
    #expect(orders.bucket(of: "alice@example.org") == 9325)
    #expect(UserBuckets(group: "carts").bucket(of: "7") == 1656)
    #expect(orders.bucket(of: "") == 5726)
  }

  @Test(arguments: ["0.01", "0.5", "1", "5", "25", "50", "99.99"])
  func sharesAreWithinATenthOfAPointOverAMillionUsers(percent: String) throws {
    let share = try #require(Percentage(parsing: percent))
    let extracted = Self.millionBuckets[..<share.hundredths].reduce(0, +)
    let measured = Double(extracted) / 10_000
    #expect(abs(measured - Double(share.hundredths) / 100) < 0.1, "\(measured) %")
  }

  @Test func groupsDealTheirUsersIndependently() {
    let first = UserBuckets(group: "orders")
    let second = UserBuckets(group: "carts")
    let both = (0..<20_000).count { user in
      first.bucket(of: "user-\(user)") < 5000 && second.bucket(of: "user-\(user)") < 5000
    }
    #expect((4700...5300).contains(both), "a quarter of 20,000 users, found \(both)")
  }

  /// How many of a million users have each bucket.
  private static let millionBuckets: [Int] = {
    let buckets = UserBuckets(group: "orders")
    var counts = [Int](repeating: 0, count: UserBuckets.count)
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { key in
      for user in 0..<UInt64(1_000_000) {
        key.storeBytes(of: user.littleEndian, as: UInt64.self)
        counts[buckets.bucket(of: UnsafeRawBufferPointer(key))] += 1
      }
    }
    return counts
  }()
}
