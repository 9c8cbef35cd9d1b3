// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Ports of 127.0.0.1 that were free a moment ago.
package enum FreePorts {
  /// That many, all different.
  package static func find(_ count: Int) throws -> [UInt16] {
    // Held until all are found.
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { close(descriptor) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, streamSocket, 0)
      descriptors.append(descriptor)
      return try bindToAny(descriptor)
    }
  }

  private static func bindToAny(_ descriptor: Int32) throws -> UInt16 {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &name) { bytes in
      guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
        return false
      }
      return bind(descriptor, address, length) == 0
        && getsockname(descriptor, address, &length) == 0
    }
    guard isBound else { throw Program.Failure(description: "no port is free") }
    return UInt16(bigEndian: name.sin_port)
  }

  #if canImport(Glibc)
    private static let streamSocket = Int32(SOCK_STREAM.rawValue)
  #else
    private static let streamSocket = SOCK_STREAM
  #endif
}
