// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import Foundation

/// A certificate authority that lives as long as a test, and the files of what it signs.
///
/// Everything is made when the test runs, so nothing of it ever expires on a shelf.
package final class TestAuthority {
  package struct Failure: Error {
    package let step: String
  }

  /// The two files of a certificate.
  package struct Files: Sendable {
    package let certificate: String
    package let key: String
  }

  private let folder: URL
  private let name: String
  private let key: OpaquePointer
  private let certificate: OpaquePointer
  private var serial = 1

  /// PEM file with the authority's own certificate.
  package var file: String { path("\(name).pem") }

  /// Makes an authority whose files stand in a folder of their own.
  package init(name: String = "authority") throws {
    self.name = name
    folder = FileManager.default.temporaryDirectory
      .appending(path: "strangler-certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    key = try Self.makeKey()
    certificate = try Self.unsigned(
      name: name, serial: serial, key: key, seconds: (-86_400, 86_400))
    try Self.extend(certificate, issuer: certificate, NID_basic_constraints, "critical,CA:TRUE")
    try Self.extend(certificate, issuer: certificate, NID_key_usage, "critical,keyCertSign,cRLSign")
    try Self.check(X509_sign(certificate, key, EVP_sha256()) > 0, "sign")
    try write(file) { PEM_write_bio_X509($0, certificate) }
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Signs a certificate for names, the addresses among them written `IP:127.0.0.1`.
  ///
  /// - Parameter seconds: when it begins and ends to be valid, from now.
  package func issue(
    _ file: String, for names: [String], seconds: (from: Int, to: Int) = (-3600, 3600)
  ) throws -> Files {
    serial += 1
    let leafKey = try Self.makeKey()
    defer { EVP_PKEY_free(leafKey) }
    let leaf = try Self.unsigned(name: file, serial: serial, key: leafKey, seconds: seconds)
    defer { X509_free(leaf) }
    try Self.check(
      X509_set_issuer_name(leaf, X509_get_subject_name(certificate)) == 1, "name the issuer")
    let alternatives = names.map { $0.hasPrefix("IP:") ? $0 : "DNS:\($0)" }
    if !alternatives.isEmpty {
      try Self.extend(
        leaf, issuer: certificate, NID_subject_alt_name, alternatives.joined(separator: ","))
    }
    try Self.check(X509_sign(leaf, key, EVP_sha256()) > 0, "sign")
    let files = Files(certificate: path("\(file).pem"), key: path("\(file).key"))
    try write(files.certificate) { PEM_write_bio_X509($0, leaf) }
    try write(files.key) { PEM_write_bio_PrivateKey($0, leafKey, nil, nil, 0, nil, nil) }
    return files
  }

  /// A file of any content.
  package func write(_ text: String, to file: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: file))
    return path(file)
  }

  package func path(_ file: String) -> String { folder.appending(path: file).path }
}

extension TestAuthority {
  private static func check(_ isDone: Bool, _ step: String) throws {
    if !isDone {
      ERR_clear_error()
      throw Failure(step: step)
    }
  }

  private static func makeKey() throws -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    try check(
      EVP_PKEY_keygen_init(context) == 1
        && EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
        && EVP_PKEY_keygen(context, &key) == 1, "make a key")
    guard let key else { throw Failure(step: "make a key") }
    return key
  }

  private static func unsigned(
    name: String, serial: Int, key: OpaquePointer, seconds: (from: Int, to: Int)
  ) throws -> OpaquePointer {
    guard let certificate = X509_new() else { throw Failure(step: "make a certificate") }
    let subject = X509_get_subject_name(certificate)
    try check(
      X509_set_version(certificate, 2) == 1
        && ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1
        && X509_gmtime_adj(X509_getm_notBefore(certificate), seconds.from) != nil
        && X509_gmtime_adj(X509_getm_notAfter(certificate), seconds.to) != nil
        && X509_set_pubkey(certificate, key) == 1
        && X509_NAME_add_entry_by_txt(subject, "CN", Int32(MBSTRING_UTF8), name, -1, -1, 0) == 1
        && X509_set_issuer_name(certificate, subject) == 1, "fill a certificate")
    return certificate
  }

  private static func extend(
    _ certificate: OpaquePointer, issuer: OpaquePointer, _ kind: Int32, _ value: String
  ) throws {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
    let part = X509V3_EXT_conf_nid(nil, &context, kind, value)
    defer { X509_EXTENSION_free(part) }
    try check(part != nil && X509_add_ext(certificate, part, -1) == 1, "extend a certificate")
  }

  private func write(_ path: String, _ body: (OpaquePointer) -> Int32) throws {
    guard let bio = BIO_new_file(path, "w") else { throw Failure(step: "open \(path)") }
    defer { BIO_free(bio) }
    try Self.check(body(bio) == 1, "write \(path)")
  }
}
