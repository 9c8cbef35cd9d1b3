// SPDX-License-Identifier: Apache-2.0

internal import RoutingDecisions

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A certificate, key or bundle of authorities as it lies on disk.
struct CredentialFile {
  /// A bundle of all public authorities has a quarter of it.
  static let maximumSize = 1 << 20

  let path: String
  let bytes: [UInt8]

  init(_ path: String, key: String) throws(CredentialError) {
    self.path = path
    guard let file = fopen(path, "r") else {
      throw CredentialError(key, "\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Self.maximumSize + 1)
    let count = bytes.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) }
    if ferror(file) != 0 {
      throw CredentialError(key, "\(path) cannot be read; is it a folder?")
    }
    if count > Self.maximumSize {
      throw CredentialError(
        key, "\(path) is larger than \(Self.maximumSize >> 10) KiB; is it a PEM file?")
    }
    bytes.removeLast(bytes.count - count)
    self.bytes = bytes
  }
}

/// What is wrong with a file of a TLS setting.
struct CredentialError: Error {
  let diagnostic: Diagnostic

  /// `key`: the setting that names the file.
  init(_ key: String, _ message: String) {
    diagnostic = Diagnostic(.error, key: key, message: message)
  }
}
