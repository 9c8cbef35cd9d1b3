// SPDX-License-Identifier: Apache-2.0

/// Deals users into 10,000 buckets, for one cutover group.
///
/// The algorithm is part of the product's contract and never changes:
/// `key0 = SipHash-2-4(key 0 0, group + 0x00)`, `key1 = SipHash-2-4(key 0 0, group + 0x01)`,
/// `bucket = SipHash-2-4(key key0 key1, user key) mod 10000`, names in UTF-8. A user is answered by
/// the extracted side while `bucket < percent * 100`, so raising a percentage only adds users and
/// lowering it removes the last ones added.
public struct UserBuckets: Sendable, Equatable {
  /// Number of buckets; one per hundredth of a percent.
  public static let count = 10_000

  private let hash: SipHash

  /// Creates the dealing of one group.
  public init(group: String) {
    let derive = SipHash(key0: 0, key1: 0)
    var salt = [UInt8](group.utf8)
    salt.append(0)
    let key0 = salt.withUnsafeBytes { derive.hash($0) }
    salt[salt.count - 1] = 1
    let key1 = salt.withUnsafeBytes { derive.hash($0) }
    hash = SipHash(key0: key0, key1: key1)
  }

  /// The bucket of a user's key, 0 to 9,999.
  public func bucket(of key: UnsafeRawBufferPointer) -> Int {
    Int(truncatingIfNeeded: hash.hash(key) % UInt64(Self.count))
  }

  /// The bucket of a user's key, 0 to 9,999.
  public func bucket(of key: String) -> Int {
    var key = key
    return key.withUTF8 { bucket(of: UnsafeRawBufferPointer($0)) }
  }
}
