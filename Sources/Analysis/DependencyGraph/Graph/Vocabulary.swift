// SPDX-License-Identifier: Apache-2.0

/// Words in names. `ordersByCustomerID` has the words orders, by, customer, id.
package enum Vocabulary {
  /// Words that name a role in the code and not a part of the business.
  package static let roleWords: Set<String> = [
    "abstract", "action", "actor", "adapter", "admin", "api", "app", "application", "array",
    "async",
    "background", "base", "builder", "by", "bootstrap", "cache", "calculator", "case", "channel",
    "class", "client", "code", "codec", "coder", "coding", "collection", "column", "command",
    "common", "component", "config", "configuration", "connection", "constant", "constants",
    "container", "content", "context", "controller", "converter", "coordinator", "core", "count",
    "create", "creator", "dao", "data", "database", "db", "decoder", "default", "definition",
    "delegate", "delete", "descriptor", "detail", "details", "domain", "dto", "encoder", "engine",
    "entity", "entry", "enum", "environment", "error", "errors", "event", "extension", "extensions",
    "factory", "failure", "feature", "features", "fetcher", "file", "find", "filter", "finder",
    "flag", "for", "foundation", "from", "function", "gateway", "generator", "get", "group",
    "handler", "health", "helper", "helpers", "http", "id", "identifier", "impl", "implementation",
    "info",
    "input", "interface", "internal", "item", "items", "iterator", "job", "json", "key", "kind",
    "kit", "layer", "lib", "line", "lines", "list", "loader", "logger", "logic", "main", "manager",
    "mapper", "message", "middleware", "migration", "migrations", "migrator", "mock", "mode",
    "model", "models", "module", "name", "new", "number", "object", "observer", "of", "option",
    "options", "output", "page", "params", "parameters", "parser", "payload", "policy", "pool",
    "processor", "property", "protocol", "provider", "proxy", "public", "query", "reader", "record",
    "records", "registry", "renderer", "repo", "repository", "repositories", "request", "resolver",
    "resource", "resources", "response", "result", "root", "route", "router", "routes", "row",
    "rule", "runner", "scheduler", "schema", "seed", "seeder", "server", "service", "services",
    "session", "set", "settings", "setup", "shared", "source", "sources", "state", "stats",
    "status", "storage", "store", "strategy", "string", "struct", "summary", "support", "swift",
    "system", "table", "task", "test", "tests", "the", "to", "tool", "tools", "tracker", "type",
    "types", "update", "updater", "use", "usecase", "usecases", "util", "utilities", "utility",
    "utils", "v1", "v2", "v3", "validation", "validator", "value", "view", "views", "with",
    "worker", "wrapper", "writer",
  ]

  /// Lower-case words of an identifier, path segment or table name.
  package static func words(in name: some StringProtocol) -> [String] {
    var words: [String] = []
    var current = ""
    let scalars = Array(name.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      let shape = Shape(scalar)
      guard shape != .other else {
        if !current.isEmpty { words.append(current) }
        current = ""
        continue
      }
      if shape == .upper, !current.isEmpty {
        let endsCapitals = index + 1 < scalars.count && Shape(scalars[index + 1]) == .lower
        if endsCapitals || Shape(scalars[index - 1]) != .upper {
          words.append(current)
          current = ""
        }
      }
      if shape == .upper {
        current += scalar.properties.lowercaseMapping
      } else {
        current.unicodeScalars.append(scalar)
      }
    }
    if !current.isEmpty { words.append(current) }
    return words.count > 1 ? withCompounds(words) : words
  }

  /// Words that are written with a capital inside.
  private static let compounds: Set<String> = [
    "dynamodb", "github", "gitlab", "graphql", "iphone", "javascript", "linkedin", "macos",
    "mongodb", "mysql", "oauth", "paypal", "postgresql", "rabbitmq", "sqlite", "websocket",
    "youtube",
  ]

  private static func withCompounds(_ words: [String]) -> [String] {
    var joined: [String] = []
    for word in words {
      if let last = joined.last, compounds.contains(last + word) {
        joined[joined.count - 1] = last + word
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  private enum Shape {
    case upper, lower, digit, other

    init(_ scalar: Unicode.Scalar) {
      switch scalar {
      case "a"..."z": self = .lower
      case "A"..."Z": self = .upper
      case "0"..."9": self = .digit
      case _ where scalar.isASCII: self = .other
      case _ where scalar.properties.isUppercase: self = .upper
      case _ where scalar.properties.isAlphabetic: self = .lower
      default: self = .other
      }
    }
  }

  /// Words that may name a part of the business: no numbers, no role words, at least three letters.
  package static func businessWords(in name: some StringProtocol) -> [String] {
    words(in: name).filter {
      $0.count >= 3 && $0.contains(where: \.isLetter) && !roleWords.contains($0)
        && !roleWords.contains(stem($0))
    }
  }

  /// Words that stand in names and name nothing: they tell how, when, which or what is done.
  static let plainWords: Set<String> = [
    "above", "active", "actual", "additional", "after", "again", "all", "allowed", "already",
    "also", "always", "and", "another", "any", "apply", "are", "auto", "available", "back", "bad",
    "bare", "basic", "before", "begin", "being", "below", "best", "better", "big", "both", "but",
    "can", "cannot", "check", "clean", "clear", "close", "closed", "complete", "completed",
    "could", "current", "custom", "debug", "deep", "did", "different", "direct", "disabled",
    "does", "done", "down", "dynamic", "each", "early", "either", "else", "empty", "enabled",
    "end", "equal", "ever", "every", "exact", "existing", "expected", "external", "extra",
    "failed", "false", "fast", "few", "final", "first", "fixed", "fluent", "foreign", "found",
    "free", "full",
    "generic", "given", "global", "good", "had", "handle", "has", "have", "hidden", "high", "how",
    "implicit", "initial", "inner", "into", "invalid", "its", "just", "known", "large", "last",
    "late", "lazy", "least", "left", "less", "like", "load", "local", "long", "low", "made",
    "main", "make", "many", "max", "maximum", "may", "might", "min", "minimum", "missing", "more",
    "most", "much", "multiple", "must", "near", "need", "needed", "never", "next", "none", "not",
    "now", "off", "old", "once", "one", "only", "open", "opened", "optional", "other", "our",
    "out", "outer", "over", "own", "parallel", "partial", "pending", "plain", "possible",
    "prepare", "previous", "primary", "private", "process", "quick", "random", "raw", "read",
    "ready", "real", "recent", "remote", "remove", "required", "reset", "reverse", "right", "run",
    "running", "safe", "same", "secondary", "self", "send", "sent", "several", "should", "simple",
    "single", "slow", "small", "some", "soon", "start", "started", "static", "still", "stop",
    "stopped", "strict", "such", "sync", "temporary", "than", "that", "their", "them", "then",
    "there", "these", "they", "this", "those", "through", "too", "true", "try", "two", "under",
    "unexpected", "unknown", "unsafe", "unsupported", "until", "upon", "used", "using", "valid",
    "vapor", "very", "via", "virtual", "wait", "waiting", "was", "weak", "were", "what", "when",
    "where",
    "whether", "which", "while", "who", "whole", "why", "will", "within", "without", "would",
    "write", "wrong", "yet", "you", "your",
  ]
  /// Things that end like an adverb.
  private static let thingsInLy: Set<String> = [
    "ally", "anomaly", "assembly", "bully", "butterfly", "family", "fly", "italy", "jelly", "july",
    "lily", "monopoly", "rally", "reply", "resupply", "supply", "tally",
  ]

  /// Things of programs and not of a business, unless a folder, a route or a table is called so.
  static let technicalWords: Set<String> = [
    "array", "bag", "box", "buffer", "cell", "chunk", "dependency", "edge", "field", "flow",
    "frame", "graph", "hash", "header", "index", "key", "link", "lock", "loop", "map", "matrix",
    "member", "metadata", "node", "pair", "parameter", "path", "pointer", "queue", "range",
    "section", "segment", "size", "slot", "span", "stack", "text", "tree", "trie", "uri", "url",
    "version",
  ]

  /// Whether a word can name a part of the business: a thing, as far as its looks tell, and not
  /// what was done to one or can be.
  package static func mayName(_ word: String) -> Bool {
    guard !plainWords.contains(word) else { return false }
    if word.hasSuffix("ly") { return thingsInLy.contains(word) }
    if word.hasSuffix("ed") { return word.count < 5 || word.hasSuffix("eed") }
    return !word.hasSuffix("able") || word.count < 6 || word == "timetable"
  }

  /// A word without the ending of its plural, good enough to join `order` with `orders` and
  /// `category` with `categories`.
  package static func stem(_ word: String) -> String {
    if word.hasSuffix("ies"), word.count > 4 { return word.dropLast(3) + "y" }
    for ending in ["sses", "shes", "ches", "xes"] where word.hasSuffix(ending) {
      return String(word.dropLast(2))
    }
    if word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us"), word.count > 3 {
      return String(word.dropLast())
    }
    return word
  }

  /// The first segment of a route that names a resource: `/api/v1/orders/{id}` gives `orders`.
  package static func resource(ofRoute path: String) -> String? {
    for segment in path.split(separator: "/") {
      guard let first = segment.first, first.isLetter else { return nil }
      let isPrefix =
        segment == "api" || (first == "v" && segment.dropFirst().allSatisfy(\.isNumber))
      if !isPrefix { return segment.lowercased() }
    }
    return nil
  }
}
