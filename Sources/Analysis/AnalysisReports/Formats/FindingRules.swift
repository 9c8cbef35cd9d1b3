// SPDX-License-Identifier: Apache-2.0

/// What each kind of finding means and what to do about it, for readers who meet it first.
enum FindingRules {
  private static let rules: [String: (title: String, help: String)] = [
    "cache-damaged": (
      "What was kept between runs was damaged",
      "Nothing is missing: it was read from the sources and written anew."
    ),
    "cache-not-written": (
      "What is known cannot be kept",
      "The next run takes as long. Make the folder writable, or set XDG_CACHE_HOME to another."
    ),
    "chatty-boundary": (
      "Many calls over one border",
      "Every place becomes a round trip. Offer one call that answers for several, or move the "
        + "type to the side that it calls."
    ),
    "cross-service-transaction": (
      "Transaction across services",
      "No database commits over two services at once. Turn it into a saga with a compensation "
        + "for each step, or keep the tables together. The first place is where it is opened."
    ),
    "crossing-reference": (
      "A reference that crosses a suggested border",
      "It has to be replaced before the service can stand alone. The seam says by what."
    ),
    "distributed-monolith": (
      "Services that wait for each other in a ring",
      "They are released and down together. Break the ring at its thinnest link with an event "
        + "or a copy, or keep them one service."
    ),
    "fewer-services": (
      "Fewer services than were asked for",
      "A type is the least that a service can be. Ask for as many as there are, or fewer."
    ),
    "file-too-large": (
      "A file that was not read for its size",
      "What it holds is missing from the analysis. Generated files can be left out as such."
    ),
    "generated-left-out": (
      "Generated files were left out",
      "They follow from other sources, so their borders are those of the others."
    ),
    "god-type": (
      "A type that everything goes through",
      "Move its members to the services that they serve before extracting any of them."
    ),
    "grown-crossing": (
      "A known crossing at more places",
      "The border got more expensive. Use the seam that is there already."
    ),
    "history-cut": (
      "Older changes were not read",
      "What is known about files that change together rests on the newer ones."
    ),
    "history-incomplete": (
      "The history ended early",
      "Run git log in the folder to see why; what was read until then is used."
    ),
    "ignore-without-match": (
      "A pattern of ignore that fits no file",
      "What it was meant to leave out is analysed. Mend the pattern, or take it out."
    ),
    "ignored-left-out": (
      "Files were left out as configured",
      "See ignore of the section analysis."
    ),
    "index-coverage": (
      "What the compiler's index tells",
      "References of files that it does not cover were read from the syntax alone."
    ),
    "index-covers-nothing": (
      "The compiler's index does not fit the sources",
      "Build again in this folder; until then references are read from the syntax alone."
    ),
    "index-not-found": (
      "There is no index of a build",
      "Build once, name one by --index-store, or ask the compiler without a build by --precise; "
        + "the syntax alone tells less."
    ),
    "index-not-read": (
      "The compiler's index could not be read",
      "References were read from the syntax alone."
    ),
    "invalid-utf8": (
      "A file that is not UTF-8",
      "The bytes that are no text were replaced; the rest was read."
    ),
    "large-file": (
      "A file larger than people write",
      "It weighs as much as it is long. If a tool writes it, leave it out by ignore."
    ),
    "long-chain": (
      "An expression longer than people write",
      "It was read to its end. If a tool writes it, leave the file out by ignore."
    ),
    "manifest-not-read": (
      "A package manifest that could not be read",
      "Modules follow the folders there; what is imported may be taken for something else."
    ),
    "nano-service": (
      "A service too small to run",
      "Its operation costs more than it gains. Keep it with the service it is tied to most."
    ),
    "nesting-too-deep": (
      "A file that nests too deeply",
      "What lies deeper than the limit is missing from the analysis."
    ),
    "new-crossing": (
      "A crossing that the baseline does not have",
      "Use the other service's seam, or agree on the crossing and write the baseline anew."
    ),
    "no-compensation": (
      "Writes of several services without a transaction",
      "A failure between two writes leaves them half done. Give each step a compensation, or an "
        + "outbox that finishes it."
    ),
    "no-history": (
      "Nothing is known about changes",
      "Files that change together belong together. Analyse a git clone to have that evidence too."
    ),
    "parse-failure": (
      "A file that does not parse",
      "What it holds is missing from the analysis. The rest was read."
    ),
    "premature-split": (
      "A service whose border does not hold",
      "Untangle it inside the monolith first: a border is cheap to move there."
    ),
    "route-not-read": (
      "Routes whose path is computed",
      "Look up what they answer, and add them to the proxy's routes by hand."
    ),
    "same-name": (
      "Types of one name in several modules",
      "Nothing to do: reports put the module before the name."
    ),
    "service-cycle": (
      "Two services that need each other",
      "Cut the direction with fewer references, by an event or by moving a type."
    ),
    "shallow-clone": (
      "A clone with few commits",
      "Run git fetch --unshallow to know more about what changes together."
    ),
    "shared-database": (
      "A database as interface of several services",
      "Give each table one owner; let the others ask it or keep a copy that events feed."
    ),
    "shared-hub": (
      "A type that most services use",
      "Publish it as a library when it holds no business rule; else give it an owner."
    ),
    "shared-table": (
      "A table that several services write",
      "Let one own it and turn the other writes into calls or events."
    ),
    "stale-baseline-entry": (
      "An entry of the baseline that nothing matches",
      "Write the baseline anew, so that what was won cannot come back unseen."
    ),
    "synchronous-chain": (
      "A long chain of services that wait",
      "Its time adds up and its failures too. Turn a link into an event, or keep a copy."
    ),
    "table-not-sure": (
      "Names that may be tables",
      "If they are, pass the text as an argument labelled sql, or count the table in by hand."
    ),
    "tangled-core": (
      "A piece that no border divides",
      "It stays with the monolith. Untangle the types that hold it together; then ask again."
    ),
    "tests-left-out": (
      "Test files were left out",
      "Tests refer to everything; --include-tests reads them all the same."
    ),
    "unreadable-file": (
      "A file that could not be read",
      "What it holds is missing from the analysis. Look at its permissions."
    ),
  ]

  static func title(of id: String) -> String { rules[id]?.title ?? id }

  static func help(of id: String) -> String {
    rules[id]?.help ?? "See the message of the finding."
  }
}
