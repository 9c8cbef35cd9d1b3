// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What the system said, without the names of its functions.
package enum SystemErrorText {
  /// Such as `Address already in use`.
  package static func plain(_ error: any Error) -> String {
    if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
    if case .unknown? = error as? SocketAddressError { return "the host name is unknown" }
    return "\(error)"
  }

  /// The process or the machine has no descriptor or memory left.
  package static func isExhaustion(_ code: Int32) -> Bool {
    [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
  }

  /// Somebody else listens there.
  package static func isAddressInUse(_ error: any Error) -> Bool {
    (error as? IOError)?.errnoCode == EADDRINUSE
  }
}
