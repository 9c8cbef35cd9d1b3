// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import TransactionalMessaging

  /// The thread of one producer, which hears what came of messages. It sleeps until librdkafka or
  /// the producer's owner rings.
  struct KafkaProducerThread {
    private let line: KafkaProducerLine
    private let server: KafkaServer
    private let trouble: KafkaProducer.Trouble
    private let client: KafkaClient
    /// Why brokers cannot be reached; empty while they can.
    private var outage = Outage()

    static func run(
      _ line: KafkaProducerLine, _ settings: [String: String], _ server: KafkaServer,
      trouble: @escaping KafkaProducer.Trouble,
      opened: CheckedContinuation<BrokerError?, Never>
    ) {
      let client: KafkaClient
      do throws(BrokerError) {
        client = try KafkaClient(settings, consumes: false, bell: line.bell)
      } catch {
        line.end(error)
        return opened.resume(returning: error)
      }
      var thread = KafkaProducerThread(line, server, trouble, client)
      if let failure = thread.begin() {
        line.end(failure)
        opened.resume(returning: failure)
      } else {
        line.use(client)
        opened.resume(returning: nil)
        line.end(thread.work())
      }
      client.destroy()
    }

    private init(
      _ line: KafkaProducerLine, _ server: KafkaServer,
      _ trouble: @escaping KafkaProducer.Trouble, _ client: KafkaClient
    ) {
      self.line = line
      self.server = server
      self.trouble = trouble
      self.client = client
    }

    /// Why no broker can be used; nil when one answers.
    private mutating func begin() -> BrokerError? {
      let refusal = client.reach(milliseconds: server.connecting)
      if let failure = hear() { return failure }
      guard let refusal else {
        outage = Outage()
        return nil
      }
      if let failure = outage.meaning(server) { return failure }
      guard refusal.code == KafkaRefusal.Code.timedOut else {
        return refusal.meaning("no Kafka broker answers at \(server.shown)")
      }
      return BrokerError(
        .timedOut,
        """
        \(server.shown) takes connections and answers nothing within \(server.connecting) ms: the \
        server stands still, or it is no Kafka
        """)
    }

    /// Until it is closed or nothing more can come of it; returns why.
    private mutating func work() -> BrokerError {
      while !line.isClosing {
        line.bell.wait(atMost: nil)
        if let failure = hear() { return failure }
      }
      return KafkaProducerLine.closed
    }

    /// Why it is over; nil while it is not.
    private mutating func hear() -> BrokerError? {
      var failure: BrokerError?
      var outage = outage
      client.hear { happening in
        switch happening.kind {
        case .reports:
          happening.eachReport { report in
            if let ends = settle(report, &outage) { failure = failure ?? ends }
          }
        case .error(let refusal):
          if refusal.endsClient {
            failure = failure ?? refusal.meaning(server.shown)
          } else {
            outage.note(refusal)
            if refusal.code == KafkaRefusal.Code.allBrokersDown,
              let meaning = outage.meaning(server)
            {
              trouble(meaning)
            }
          }
        default: break
        }
      }
      self.outage = outage
      return failure
    }

    /// Answers whoever waits for it.
    ///
    /// - Returns: why the producer is over; nil while it is not.
    private func settle(
      _ report: KafkaHappening.Report, _ outage: inout Outage
    ) -> BrokerError? {
      guard let refusal = report.refusal else {
        outage = Outage()
        line.answer(report.token, nil)
        return nil
      }
      var meaning = refusal.meaning("topic \(report.topic)")
      if refusal.code == KafkaRefusal.Code.messageTimedOut {
        meaning = outage.meaning(server) ?? meaning
      }
      line.answer(report.token, meaning)
      return refusal.endsClient ? meaning : nil
    }
  }

  /// What is known of brokers that cannot be reached.
  struct Outage {
    private var last: KafkaRefusal?
    private var tls: KafkaRefusal?

    mutating func note(_ refusal: KafkaRefusal) {
      switch refusal.code {
      case KafkaRefusal.Code.tls: tls = refusal
      // It says less than what came before it.
      case KafkaRefusal.Code.allBrokersDown: last = last ?? refusal
      // A server that speaks no TLS ends the connection, which counts as that.
      case _ where refusal.text.contains("SSL handshake failed"): tls = refusal.asTLS
      case _ where KafkaRefusal.Code.outage.contains(refusal.code): last = refusal
      default: break
      }
    }

    /// Nil when nothing is known.
    func meaning(_ server: KafkaServer) -> BrokerError? {
      if let tls { return tls.meaning(server.shown) }
      return last?.meaning("no Kafka broker answers at \(server.shown)")
    }
  }

  extension KafkaServer {
    var shown: String { addresses.joined(separator: ", ") }
  }
#endif
