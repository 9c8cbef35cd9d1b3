// SPDX-License-Identifier: Apache-2.0

/// JSON Pointer (RFC 6901).
package enum JSONPointer {
  package static func appending(_ name: String, to pointer: String) -> String {
    var token = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "~": token += "~0"
      case "/": token += "~1"
      default: token.unicodeScalars.append(scalar)
      }
    }
    return pointer + "/" + token
  }

  package static func unescaped(_ token: Substring) -> String {
    var name = ""
    var isEscaped = false
    for scalar in token.unicodeScalars {
      if isEscaped {
        name += scalar == "0" ? "~" : scalar == "1" ? "/" : "~" + String(scalar)
        isEscaped = false
      } else if scalar == "~" {
        isEscaped = true
      } else {
        name.unicodeScalars.append(scalar)
      }
    }
    return isEscaped ? name + "~" : name
  }

  /// A step into an array.
  package static func appending(_ index: Int, to pointer: String) -> String {
    pointer + "/" + String(index)
  }

  /// What people read: the whole document is `/` there.
  package static func shown(_ pointer: String) -> String { pointer.isEmpty ? "/" : pointer }
}
