// SPDX-License-Identifier: Apache-2.0

import ShadowComparison

/// A body that is kept while it goes by: whole up to a limit, as length and hash beyond it.
struct ShadowBody {
  private static let mostExpected = 64 << 10

  private let limit: Int
  private var bytes: [UInt8] = []
  private var digest: BodyDigest?
  private(set) var count = 0

  init(limit: Int) { self.limit = limit }

  var compared: ComparedBody { digest.map { .digest($0) } ?? .whole(bytes) }

  /// Room for a body whose length was told, so that a small one is not copied as it grows. What
  /// does not come in spite of it must not take much memory.
  mutating func expect(_ length: Int) {
    if length <= limit { bytes.reserveCapacity(min(length, Self.mostExpected)) }
  }

  /// False when there is no room.
  mutating func append(_ piece: UnsafeRawBufferPointer, _ hold: ShadowHold) -> Bool {
    count &+= piece.count
    if digest == nil, count <= limit {
      guard hold.reserve(piece.count) else { return false }
      bytes.append(contentsOf: piece)
      return true
    }
    if digest == nil {
      digest = BodyDigest(bytes)
      hold.release(bytes.count)
      bytes = []
    }
    digest?.update(piece)
    return true
  }
}
