// SPDX-License-Identifier: Apache-2.0

extension OutboxSettings {
  /// Where events go. A broker that joins is a case here, a key in `decodeOutboxTarget`, and a file
  /// beside those of the others in the commands that opens it.
  public enum Target: Sendable, Equatable {
    /// Posted to a service.
    case http(HTTPTarget)
    /// Published to a stream of NATS JetStream.
    case nats(NATSTarget)
    /// Published to an exchange of RabbitMQ.
    case rabbitMQ(RabbitMQTarget)
    /// Published to topics of Kafka.
    case kafka(KafkaTarget)
  }

  /// A user with a password.
  public struct Login: Sendable, Equatable {
    /// Name of the user.
    public var user: String
    /// Where the password is.
    public var password: SecretPlace

    /// Creates a value.
    public init(user: String, password: SecretPlace) {
      self.user = user
      self.password = password
    }
  }

  /// A service that takes events over HTTP, as CloudEvents.
  public struct HTTPTarget: Sendable, Equatable {
    /// `http://` or `https://`.
    public var url: String
    /// Environment variable that holds the bearer token; nil without one.
    public var tokenEnvironmentVariable: String?
    /// The `source` of the events as CloudEvents.
    public var source: String
    /// Creates a target.
    public init(
      url: String, tokenEnvironmentVariable: String? = nil, source: String = "/outbox"
    ) {
      self.url = url
      self.tokenEnvironmentVariable = tokenEnvironmentVariable
      self.source = source
    }
  }

  /// A stream of NATS JetStream.
  public struct NATSTarget: Sendable, Equatable {
    /// Who logs in.
    public enum Credentials: Sendable, Equatable {
      /// Nobody in particular.
      case none
      /// A `.creds` file with a JWT and its seed.
      case file(String)
      /// A user with a password.
      case user(String, password: SecretPlace)
    }

    /// How a stream is made that is not there.
    public struct Creation: Sendable, Equatable {
      /// How long it keeps events, whoever has read them; nil for ever.
      public var maxAge: Duration? = .seconds(7 * 86_400)
      /// Most bytes of it, nil for as much as the server has; a full stream refuses what is new.
      public var maxBytes: Int?
      /// Copies in the cluster.
      public var replicas = 1

      /// Creates a value with the defaults above.
      public init() {}
    }

    /// Addresses of the cluster, `nats://` or `tls://`; the first that answers is taken.
    public var servers: [String]
    /// Name of the stream.
    public var stream: String
    /// Who logs in.
    public var credentials = Credentials.none
    /// PEM file of the authorities that the servers' certificates are checked with; nil for the
    /// system's.
    public var authorities: String?
    /// Subjects are this, a dot and the aggregate type; nil for Debezium's topics as they are,
    /// `outbox.event.` and the aggregate type.
    public var subjectPrefix: String?
    /// The `source` of the events as CloudEvents; nil for Debezium's headers.
    public var cloudEventsSource: String?
    /// How long the stream must drop a second message of the same id, at least; nil for whatever
    /// it does, or two minutes where it is made.
    public var duplicates: Duration?
    /// Makes the stream where it is not there; nil leaves that to an administrator.
    public var creation: Creation?

    /// Creates a target with the defaults above.
    public init(servers: [String], stream: String) {
      self.servers = servers
      self.stream = stream
    }
  }
}

extension OutboxSettings {
  /// An exchange of RabbitMQ.
  public struct RabbitMQTarget: Sendable, Equatable {
    /// A consumer group: a queue of its own.
    public struct Group: Sendable, Equatable {
      /// Name of the group.
      public var name: String
      /// The aggregate types whose events it reads.
      public var aggregateTypes: [String]

      /// Creates a value.
      public init(_ name: String, aggregateTypes: [String]) {
        self.name = name
        self.aggregateTypes = aggregateTypes
      }
    }

    /// How exchanges and queues are made that are not there.
    public struct Creation: Sendable, Equatable {
      /// Most bytes of a queue, nil for as much as the server has; a full queue refuses what is
      /// new.
      public var maxBytes: Int?
      /// Copies in the cluster; nil for the server's choice.
      public var replicas: Int?

      /// Creates a value with the defaults above.
      public init() {}
    }

    /// Addresses of the cluster, `amqp://` or `amqps://`; the first that answers is taken.
    public var servers: [String]
    /// Name of the exchange; routing keys are Debezium's topics.
    public var exchange: String
    /// Virtual host.
    public var virtualHost = "/"
    /// Who logs in; nil for the user guest, whom servers take from their own machine only.
    public var login: Login?
    /// PEM file of the authorities that the servers' certificates are checked with; nil for the
    /// system's.
    public var authorities: String?
    /// The `source` of the events as CloudEvents; nil for Debezium's headers.
    public var cloudEventsSource: String?
    /// Groups whose queues are made.
    public var groups: [Group] = []
    /// Makes exchanges and queues where they are not there; nil leaves that to an administrator.
    public var creation: Creation?

    /// Creates a target with the defaults above.
    public init(servers: [String], exchange: String) {
      self.servers = servers
      self.exchange = exchange
    }
  }
}

extension OutboxSettings {
  /// A cluster of Kafka. Topics and keys are Debezium's.
  public struct KafkaTarget: Sendable, Equatable {
    /// How a password is proven.
    public enum Mechanism: String, Sendable, CaseIterable {
      /// It is sent as it is: for use over TLS.
      case plain
      /// It is not sent.
      case scramSHA256 = "scram-sha-256"
      /// It is not sent.
      case scramSHA512 = "scram-sha-512"
    }

    /// Addresses of some brokers, `plaintext://` or `ssl://`.
    public var servers: [String]
    /// Who logs in; nil for nobody in particular.
    public var login: Login?
    /// How the password is proven.
    public var mechanism = Mechanism.scramSHA512
    /// PEM file of the authorities that the servers' certificates are checked with; nil for the
    /// system's.
    public var authorities: String?
    /// The `source` of the events as CloudEvents; nil for Debezium's headers.
    public var cloudEventsSource: String?
    /// Most bytes of a message with its headers; nil for 1,000,000, which servers take unless they
    /// were told otherwise.
    public var largestMessage: Int?

    /// Creates a target with the defaults above.
    public init(servers: [String]) { self.servers = servers }
  }
}

/// Where a secret is; a configuration never holds one.
public enum SecretPlace: Sendable, Equatable {
  /// In an environment variable.
  case environment(String)
  /// In a file, the white space at its end apart.
  case file(String)
}
