// SPDX-License-Identifier: Apache-2.0

/// A header of a message: names may come twice, values are bytes.
package struct KafkaHeader: Sendable, Equatable {
  package var name: String
  package var value: [UInt8]

  package init(_ name: String, _ value: [UInt8]) {
    self.name = name
    self.value = value
  }

  package init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
}

/// A message as Kafka carries it: what is sent, and what came.
package struct KafkaRecord: Sendable, Equatable {
  package var topic: String
  package var key: [UInt8]
  package var headers: [KafkaHeader]
  package var payload: [UInt8]

  package init(
    topic: String, key: [UInt8] = [], headers: [KafkaHeader] = [], payload: [UInt8] = []
  ) {
    self.topic = topic
    self.key = key
    self.headers = headers
    self.payload = payload
  }
}

/// A part of a topic, within which there is order.
package struct KafkaPartition: Sendable, Hashable, CustomStringConvertible {
  package var topic: String
  package var number: Int32

  package init(topic: String, number: Int32) {
    self.topic = topic
    self.number = number
  }

  package var description: String { "\(topic)[\(number)]" }
}

/// Where a message stands, or where a group goes on.
package struct KafkaPlace: Sendable, Hashable, CustomStringConvertible {
  package var partition: KafkaPartition
  package var offset: Int64

  package init(partition: KafkaPartition, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }

  package var description: String { "\(partition)@\(offset)" }
}

/// A message that a consumer received.
package struct KafkaDelivery: Sendable, Equatable {
  package var place: KafkaPlace
  package var record: KafkaRecord

  package init(place: KafkaPlace, record: KafkaRecord) {
    self.place = place
    self.record = record
  }
}
