// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import RoutingDecisions

/// Certificates of one PEM file, in its order.
final class Certificates {
  let path: String
  let handles: [OpaquePointer]
  /// Of the file's bytes: tells one bundle from another.
  let fingerprint: [UInt8]

  init(_ path: String, key: String) throws(CredentialError) {
    let file = try CredentialFile(path, key: key)
    self.path = path
    fingerprint = Self.digest(file.bytes)
    handles = Self.parse(file.bytes)
    if handles.isEmpty {
      throw CredentialError(
        key, "\(path) holds no certificate; expected PEM text with BEGIN CERTIFICATE")
    }
  }

  deinit { for handle in handles { X509_free(handle) } }

  private static func parse(_ bytes: [UInt8]) -> [OpaquePointer] {
    defer { ERR_clear_error() }
    guard let bio = BIO_new_mem_buf(bytes, Int32(truncatingIfNeeded: bytes.count)) else {
      return []
    }
    defer { BIO_free(bio) }
    var found: [OpaquePointer] = []
    while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
    return found
  }

  private static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
    return digest
  }
}

/// A certificate with those that lead to its root, and its private key.
final class Credential {
  /// More names than any public authority signs.
  private static let mostNames: Int32 = 1000

  let certificates: Certificates
  private let privateKey: OpaquePointer
  private let keys: (certificate: String, key: String)

  /// `keys`: the settings that name the two files.
  init(
    certificate: String, key: String, keys: (certificate: String, key: String)
  ) throws(CredentialError) {
    self.keys = keys
    certificates = try Certificates(certificate, key: keys.certificate)
    privateKey = try Self.readKey(key, keys.key)
    if X509_check_private_key(leaf, privateKey) != 1 {
      ERR_clear_error()
      throw CredentialError(keys.key, "\(key) is not the key of the certificate in \(certificate)")
    }
  }

  deinit { EVP_PKEY_free(privateKey) }

  /// The setting that names the certificate.
  var key: String { keys.certificate }

  var leaf: OpaquePointer { certificates.handles[0] }

  private static func readKey(_ path: String, _ key: String) throws(CredentialError)
    -> OpaquePointer
  {
    let file = try CredentialFile(path, key: key)
    defer { ERR_clear_error() }
    guard let bio = BIO_new_mem_buf(file.bytes, Int32(truncatingIfNeeded: file.bytes.count)) else {
      throw CredentialError(key, "\(path) cannot be read: out of memory")
    }
    defer { BIO_free(bio) }
    // Without an answer of ours OpenSSL would ask the terminal for a password.
    if let handle = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) { return handle }
    if String(decoding: file.bytes, as: UTF8.self).contains("ENCRYPTED") {
      throw CredentialError(
        key, "\(path) is encrypted: store the key in clear, readable for the proxy alone")
    }
    throw CredentialError(
      key, "\(path) holds no private key; expected PEM text with BEGIN PRIVATE KEY")
  }

  /// Host names that the certificate is for.
  var names: [String] {
    var names: [String] = []
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      for index in 0..<Self.mostNames {
        let length = tls_dns_name(leaf, index, buffer.baseAddress, Int32(buffer.count))
        if length < 0 { return }
        let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: Int(length))
        names.append(String(decoding: bytes, as: UTF8.self))
      }
    }
    return names
  }

  /// What is wrong with its dates; `now` in seconds since 1970.
  func doubt(at now: Int) -> CertificateDoubt? {
    validity(at: now).map { CertificateDoubt(finding: $0, fingerprint: certificates.fingerprint) }
  }

  private func validity(at now: Int) -> Diagnostic? {
    var time = now
    if X509_cmp_time(X509_get0_notAfter(leaf), &time) < 0 {
      return Diagnostic(
        .warning, key: keys.certificate,
        message: "the certificate in \(certificates.path) expired on "
          + "\(Self.day(X509_get0_notAfter(leaf))): renew it, clients will refuse it")
    }
    if X509_cmp_time(X509_get0_notBefore(leaf), &time) > 0 {
      return Diagnostic(
        .warning, key: keys.certificate,
        message: "the certificate in \(certificates.path) is not valid before "
          + "\(Self.day(X509_get0_notBefore(leaf))): is the clock right?")
    }
    return nil
  }

  private static func day(_ time: UnsafePointer<ASN1_TIME>?) -> String {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unknown day" }
    let numbers = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    return numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
  }

  /// Puts it to use; false when OpenSSL will not have it, as with keys that are too short.
  func install(in context: OpaquePointer) -> Bool {
    SSL_CTX_use_certificate(context, leaf) == 1
      && SSL_CTX_use_PrivateKey(context, privateKey) == 1
      && certificates.handles.dropFirst().allSatisfy { tls_add_chain_certificate(context, $0) == 1 }
  }
}
