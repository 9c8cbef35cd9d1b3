// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The certificate that every contender shows, of a P-256 key, made when it is first asked for.
struct ServerCertificate: Sendable {
  /// The one suite that contenders are told to use, so that all of them do the same work.
  static let cipher = "TLS_AES_128_GCM_SHA256"

  static func shared() throws -> ServerCertificate { try made.get() }

  /// PEM files.
  let certificate: String
  let key: String
  /// Both in one, as HAProxy reads them.
  let both: String

  private static let made = Result { try ServerCertificate() }

  private init() throws {
    let scratch = ScratchFolder.shared
    certificate = try scratch.path("shop.pem")
    key = try scratch.path("shop.key")
    let outcome = try ChildProcess.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-sha256", "-days", "2", "-subj", "/CN=shop.example", "-addext",
        "subjectAltName=DNS:shop.example", "-out", certificate, "-keyout", key,
      ])
    guard outcome.status == 0, let first = ProcessFiles.text(certificate),
      let second = ProcessFiles.text(key)
    else { throw BenchmarkError("openssl made no certificate: \(outcome.output)") }
    both = try scratch.write(first + second, to: "shop-with-key.pem")
    try Self.pinCipher()
  }

  /// Lets the load's side offer nothing else, for contenders that take what clients like best.
  /// OpenSSL reads this once, when it is first used.
  private static func pinCipher() throws {
    let settings = """
      openssl_conf = settings
      [settings]
      ssl_conf = connections
      [connections]
      system_default = pinned
      [pinned]
      Ciphersuites = \(cipher)

      """
    setenv("OPENSSL_CONF", try ScratchFolder.shared.write(settings, to: "openssl.cnf"), 1)
  }
}
