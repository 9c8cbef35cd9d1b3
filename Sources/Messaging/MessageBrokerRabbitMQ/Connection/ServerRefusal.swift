// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// A no of the server: AMQP's number and the server's words
/// (https://www.rabbitmq.com/amqp-0-9-1-reference.html#constants).
package struct ServerRefusal: Equatable {
  static let notFound = 404

  package var number: Int
  package var text: String

  package init(number: Int, text: String) {
    self.number = number
    self.text = text
  }

  /// What it means for whoever was about to do that, such as `queue shop.mail`.
  package func meaning(_ what: String) -> BrokerError {
    switch number {
    case 320:
      BrokerError(
        .connection,
        "the server ended the connection: it is being stopped, or an administrator "
          + "closed it (\(text))")
    case 311,
      406 where messageSizes != nil:
      BrokerError(
        .message,
        """
        the message is larger than the server takes (\(text)): raise max_message_size there, or \
        keep the content elsewhere and send a reference (payload_ref)
        """)
    case 403:
      BrokerError(
        .credentials,
        """
        \(what): access was refused (\(text)): check user and password, grant the rights with \
        rabbitmqctl set_permissions; the user guest is only taken from the server's own machine
        """)
    case Self.notFound:
      BrokerError(.missing, "\(what): \(text): create it, or let it be created")
    case 405:
      BrokerError(
        .unsuitable, "\(what): it belongs to another connection alone (\(text)): name another")
    case 406 where text.contains("inequivalent"):
      BrokerError(
        .unsuitable,
        "\(what) is there with other settings (\(text)): delete it or name another")
    case 406 where text.contains("acknowledgement"):
      BrokerError(
        .connection,
        """
        \(what): a handler took longer than the server waits (\(text)): raise consumer_timeout \
        there, or make handlers shorter; what it had comes again
        """)
    case 530:
      BrokerError(
        .missing,
        """
        \(what): the virtual host cannot be used (\(text)): create it with rabbitmqctl add_vhost, \
        grant the user its rights, or name another
        """)
    default:
      BrokerError(.refused(number), "\(what): \(text) (the server's error \(number))")
    }
  }

  /// How large a message was that the server refused, in bytes, and how large it may be; from
  /// `message size 2000 is larger than configured max size 1000`.
  package var messageSizes: (size: Int, limit: Int)? {
    guard text.contains("message size") else { return nil }
    let numbers = text.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    guard numbers.count >= 2 else { return nil }
    return (numbers[numbers.count - 2], numbers[numbers.count - 1])
  }
}
