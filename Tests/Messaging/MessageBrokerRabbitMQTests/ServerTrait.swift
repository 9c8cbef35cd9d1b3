// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import ServerPrograms
  import TestCertificates
  import Testing

  /// One server for all tests of a suite, since it takes seconds to start; ended when the last test
  /// has. Each test works with an exchange of its own.
  struct ServerTrait: SuiteTrait, TestScoping {
    @TaskLocal static var server: RabbitMQProgram?
    /// Who signed the server's certificate.
    @TaskLocal static var authorities = ""

    func provideScope(
      for test: Test, testCase: Test.Case?,
      performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
      let authority = try TestAuthority()
      let files = try authority.issue("rabbitmq", for: ["localhost"])
      let server = try await RabbitMQProgram.start(
        certificate: RabbitMQProgram.Certificate(
          authorities: authority.file, certificate: files.certificate, key: files.key))
      defer { server.end() }
      try await Self.$server.withValue(server) {
        try await Self.$authorities.withValue(authority.file) { try await body() }
      }
    }
  }

  extension Trait where Self == ServerTrait {
    static var rabbitMQ: ServerTrait { ServerTrait() }
  }

  /// All that is tested against a server.
  @Suite(.rabbitMQ, .serialized, .timeLimit(.minutes(2)))
  enum RabbitMQServerTests {}
#endif
