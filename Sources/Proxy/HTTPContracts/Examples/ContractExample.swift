// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments
package import ShadowComparison

/// What one consumer relies on: a request, what it was answered, and what of that has to stay.
package struct ContractExample: Sendable, Equatable {
  /// What is sent. It holds no credentials.
  package struct Request: Sendable, Equatable {
    package var method: String
    /// Path and query.
    package var target: String
    package var headers: [ComparedResponse.Header]
    package var body: Body

    package init(
      method: String, target: String, headers: [ComparedResponse.Header], body: Body
    ) {
      self.method = method
      self.target = target
      self.headers = headers
      self.body = body
    }

    /// GET, HEAD and OPTIONS that ask for no other method.
    package var isSafe: Bool {
      RecordedExchange(
        startedAt: "", method: method, url: "http://service" + target, headers: headers
      ).isSafe
    }
  }

  /// What came back.
  package struct Answer: Sendable, Equatable {
    package var status: Int
    /// Those of `AnswerHeaders` that it had.
    package var headers: [ComparedResponse.Header]
    package var body: Body

    package init(status: Int, headers: [ComparedResponse.Header], body: Body) {
      self.status = status
      self.headers = headers
      self.body = body
    }

    package func header(_ name: String) -> String? {
      ComparedResponse(status: status, headers: headers).header(name)
    }
  }

  package enum Body: Sendable, Equatable {
    case none
    case json(JSONValue)
    case text(String)
    /// There is one, and nobody looks into it.
    case other
  }

  package var request: Request
  package var answer: Answer
  package var rules: MatchingRules
  /// What the recording had and the example has not, such as `header authorization`.
  package var redacted: [String]

  package init(
    request: Request, answer: Answer, rules: MatchingRules = MatchingRules(),
    redacted: [String] = []
  ) {
    self.request = request
    self.answer = answer
    self.rules = rules
    self.redacted = redacted
  }

  /// The name under which it is reported, such as `GET /orders/{id}`.
  package var endpoint: String {
    EndpointName.of(method: request.method, target: request.target)
  }
}

/// How an answer is held to an example, by paths as `strangler shadow` writes them:
/// `items[].total`, `header:cache-control`, `body`, and patterns such as `**.createdAt`.
package struct MatchingRules: Sendable, Equatable {
  /// Values, not only their types, have to stay.
  package var values: [PathPattern]
  /// Nobody relies on them.
  package var ignored: [PathPattern]
  /// They may be absent, and arrays empty.
  package var optional: [PathPattern]
  /// Only JSON's type has to stay: a whole number may become a fraction, a time another text.
  package var loose: [PathPattern]

  package init(
    values: [PathPattern] = [], ignored: [PathPattern] = [], optional: [PathPattern] = [],
    loose: [PathPattern] = []
  ) {
    self.values = values
    self.ignored = ignored
    self.optional = optional
    self.loose = loose
  }
}

extension [PathPattern] {
  /// Whether any of them means a place. The status of an answer always counts, so that `status` is
  /// the body's member here.
  func match(_ path: ResponsePath) -> Bool {
    let isStatus = path == ResponsePath.root.member("status")
    return contains { $0.matches(path.shown) || (isStatus && $0.matches(.status)) }
  }
}

/// Headers of answers that clients act upon.
package enum AnswerHeaders {
  /// How a header is compared where its value is not to stay.
  package enum Form: Sendable {
    /// Type and subtype.
    case mediaType
    /// The address of an endpoint: its keys may differ.
    case address
    /// Names of directives; what they are set to may differ.
    case directives
    /// The first word.
    case scheme
    /// It is there.
    case presence
  }

  package static let forms: [(name: String, form: Form)] = [
    ("content-type", .mediaType), ("location", .address), ("cache-control", .directives),
    ("www-authenticate", .scheme), ("allow", .directives), ("etag", .presence),
    ("retry-after", .presence), ("link", .presence),
  ]

  static func form(_ name: String) -> Form? { forms.first { $0.name == name.lowercased() }?.form }
}
