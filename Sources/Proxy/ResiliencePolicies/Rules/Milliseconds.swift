// SPDX-License-Identifier: Apache-2.0

extension Duration {
  /// Rounded up; 0 for nothing and less.
  package var milliseconds: UInt64 {
    let (seconds, attoseconds) = components
    if seconds < 0 || attoseconds < 0 { return 0 }
    return UInt64(seconds) * 1000
      + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
