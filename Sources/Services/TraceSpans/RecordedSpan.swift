// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// A span that is over, as it is exported.
package struct RecordedSpan: Sendable, Equatable {
  /// Most attributes, events and links of a span that are kept; the rest is counted.
  package static let mostKept = 128

  /// What a span is about; the numbers are those of OTLP.
  package enum Kind: Int, Sendable {
    case inside = 1
    case server, client, producer, consumer
  }

  /// How it ended; the numbers are those of OTLP.
  package enum Status: Int, Sendable {
    case unset
    case fine, failed
  }

  package enum Value: Sendable, Equatable {
    case text(String)
    case number(Int64)
    case fraction(Double)
    case truth(Bool)
    case list([Value])
  }

  package struct Attribute: Sendable, Equatable {
    package let key: String
    package let value: Value

    package init(_ key: String, _ value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// Something that happened within a span.
  package struct Event: Sendable, Equatable {
    package let name: String
    /// Nanoseconds since 1970.
    package let time: UInt64
    package let attributes: [Attribute]

    package init(name: String, time: UInt64, attributes: [Attribute]) {
      self.name = name
      self.time = time
      self.attributes = attributes
    }
  }

  /// Another span that it has to do with.
  package struct Link: Sendable, Equatable {
    package let context: TraceContext
    package let attributes: [Attribute]

    package init(context: TraceContext, attributes: [Attribute]) {
      self.context = context
      self.attributes = attributes
    }
  }

  /// The trace, with the span itself.
  package let context: TraceContext
  /// The id of its parent; nil for the first span of a trace.
  package let parent: String?
  package var name: String
  package let kind: Kind
  /// Nanoseconds since 1970.
  package let start: UInt64
  package var end: UInt64
  package var attributes: [Attribute] = []
  package var events: [Event] = []
  package var links: [Link] = []
  package var status = Status.unset
  /// Why it failed.
  package var message: String?

  package init(
    context: TraceContext, parent: String?, name: String, kind: Kind, start: UInt64, end: UInt64
  ) {
    self.context = context
    self.parent = parent
    self.name = name
    self.kind = kind
    self.start = start
    self.end = end
  }
}
