// SPDX-License-Identifier: Apache-2.0

/// One side's answer as it is compared.
public struct ComparedResponse: Sendable, Equatable {
  /// Status code.
  public var status: Int
  /// Header fields in received order, names in any case.
  public var headers: [Header]
  /// The body, decoded from any transfer coding.
  public var body: ComparedBody

  /// A header field.
  public struct Header: Sendable, Equatable {
    /// Name in any case.
    public var name: String
    /// Value without surrounding white space.
    public var value: String

    /// Creates a field.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Creates a response whose body was kept whole.
  public init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
    self.init(status: status, headers: headers, body: .whole(body))
  }

  /// Creates a response.
  public init(status: Int, headers: [Header] = [], body: ComparedBody) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// All values of a header in order, joined by commas; nil when it is absent.
  package func header(_ name: String) -> String? {
    let name = name.lowercased()
    let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

/// How a body is compared, from its content type.
package enum BodyForm: Equatable {
  case json, text, binary

  package init(contentType: String?) {
    let type = contentType?.prefix { $0 != ";" }.lowercased().filter { $0 != " " } ?? ""
    if type == "application/json" || type.hasSuffix("+json") {
      self = .json
    } else if type.hasPrefix("text/") || type.hasSuffix("+xml") || type == "application/xml"
      || type == "application/x-www-form-urlencoded" || type == "application/javascript"
    {
      self = .text
    } else {
      self = .binary
    }
  }
}
