// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// Playbooks as people run them: small ones, in a folder of their own.
@Suite("Playbook commands", .timeLimit(.minutes(2)))
struct PlaybookCommandTests {
  private static func playbook(_ commands: String, _ more: String = "") -> String {
    """
    # 1. Do it

    **You get** it done.
    **Way back**: undo it.

    ## Begin

    ```sh
    echo "in $PWD"
    cd "$SCRATCH"
    sleep 600 > sleep.log 2>&1 &
    echo "started $!"
    ```

    ## Go on

    ```sh
    \(commands)
    ```
    \(more)
    """
  }

  private static func folder(_ text: String) throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write(text, to: "playbooks/01-do-it.md")
    try scratch.write("# No playbook\n", to: "playbooks/notes.md")
    return scratch
  }

  private static func run(
    _ scratch: Scratch, _ arguments: [String], expecting code: Int32 = 0
  ) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(
      ["playbook"] + arguments + ["--playbooks", scratch.path + "/playbooks"],
      temporaryFolder: scratch.path)
    #expect(outcome.exitCode == code, "\(outcome.output) \(outcome.errors)")
    return outcome
  }

  /// Whether a process of that id goes on, of which the text tells. One that was killed takes a
  /// moment, and is there until its parent has asked for its end.
  private static func isRunning(_ text: String) async throws -> Bool {
    let text = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("started ") }?.dropFirst(8))
    let id = try #require(pid_t(text))
    let begin = ContinuousClock.now
    while kill(id, 0) == 0, ContinuousClock.now - begin < .seconds(5) {
      let state = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
      if state?.contains(") Z ") == true { return false }
      await Task.yield()
    }
    return kill(id, 0) == 0
  }

  private static func left(in scratch: Scratch) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path)
      .filter { $0.hasPrefix("strangler-playbook-") }
  }

  @Test func `a run that is green leaves nothing`() async throws {
    let scratch = try Self.folder(Self.playbook("ls\necho \"jobs $(jobs -p | wc -l)\""))
    let outcome = try await Self.run(scratch, ["run", "1"])
    #expect(outcome.output.contains("in \(scratch.folder.resolvingSymlinksInPath().path)\n"))
    // One shell for all steps; commands are shown before what they write.
    #expect(outcome.output.contains("   $ ls\n   $ echo \"jobs"))
    #expect(outcome.output.contains("sleep.log\njobs 1\n   ok "))
    #expect(outcome.output.hasSuffix("1 playbook run, all steps done\n"))
    #expect(try await !Self.isRunning(outcome.output))
    #expect(try Self.left(in: scratch) == [])
    _ = try await Self.run(scratch, ["run", "--all", "--keep"])
    #expect(try Self.left(in: scratch).count == 1)
  }

  @Test func `the first failure stops it, with its line and the way back`() async throws {
    let scratch = try Self.folder(
      Self.playbook(
        "check() {\n  test \"$1\" = 2\n}\ncheck 2\ncheck 3\necho never",
        "\n## Then\n\n**Way back**: none.\n\n```sh\necho nor this\n```"))
    let outcome = try await Self.run(scratch, ["run", "do-it"], expecting: 1)
    #expect(outcome.output.contains("failed at playbooks/01-do-it.md:19, step 2 of 3, \"Go on\""))
    #expect(outcome.output.contains("a command ended with 1\n   test \"$1\" = 2\n"))
    #expect(outcome.output.contains("   Way back: undo it.\n"))
    #expect(!outcome.output.contains("never\n   ok") && !outcome.output.contains("nor this"))
    #expect(outcome.errors == "strangler: playbooks/01-do-it.md:19 failed, step 2\n")
    #expect(try await !Self.isRunning(outcome.output))
    #expect(try Self.left(in: scratch).count == 1)
  }

  @Test func `an unset variable and a command that is not there`() async throws {
    for (command, code) in [("echo \"$nothing_of_that_name\"", 1), ("no-such-command", 127)] {
      let scratch = try Self.folder(Self.playbook(command))
      let outcome = try await Self.run(
        scratch, ["run", "1", "--format", "json", "--output", scratch.path + "/run.json"],
        expecting: 1)
      let text = try String(contentsOfFile: scratch.path + "/run.json", encoding: .utf8)
      #expect(try JSONSchema.fixture("playbook-run.schema.json").problems(in: text) == [])
      #expect(text.contains("\"reason\" : \"a command ended with \(code)\""))
      #expect(outcome.output == "")
      // The shell itself names the line of the playbook.
      #expect(outcome.errors.contains("playbooks/01-do-it.md: line 18: "))
    }
  }

  @Test func `a step that takes too long is ended with all that it started`() async throws {
    let scratch = try Self.folder(Self.playbook("(trap '' TERM; sleep 500)"))
    let outcome = try await Self.run(scratch, ["run", "1", "--timeout", "1"], expecting: 1)
    #expect(outcome.output.contains("it took longer than 1.0 s"))
    #expect(try await !Self.isRunning(outcome.output))
  }

  @Test func `an interrupt ends it and says where it was`() async throws {
    let scratch = try Self.folder(Self.playbook("echo waiting for it\nsleep 500"))
    let running = try Executable.strangler.start(
      ["playbook", "run", "1", "--playbooks", scratch.path + "/playbooks"],
      temporaryFolder: scratch.path)
    _ = try await running.text(after: "\nwaiting for it")
    running.signal(SIGINT)
    let outcome = await running.outcome()
    #expect(outcome.exitCode == 3)
    #expect(outcome.errors == "strangler: interrupted in step 2 of 01-do-it\n")
    #expect(try await !Self.isRunning(outcome.output))
  }

  @Test func `a dry run shows what would be executed`() async throws {
    let scratch = try Self.folder(Self.playbook("touch \"$SCRATCH/../made\""))
    let outcome = try await Self.run(scratch, ["run", "1", "--dry-run"])
    #expect(outcome.output.contains("-- 2/2 Go on (line 17)\n   $ touch \"$SCRATCH/../made\"\n"))
    #expect(!outcome.output.contains("\nstarted "))
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/made"))
  }

  @Test func `lists, shows, and says what was probably meant`() async throws {
    let scratch = try Self.folder(Self.playbook("ls"))
    let list = try await Self.run(scratch, ["list"])
    #expect(list.output == "1. Do it\n   You get it done.\n   do-it, 2 steps\n")
    let listed = try await Self.run(scratch, ["list", "--format", "json"])
    #expect(try JSONSchema.fixture("playbook-list.schema.json").problems(in: listed.output) == [])
    let shown = try await Self.run(scratch, ["show", "1"])
    #expect(shown.output == Self.playbook("ls"))
    let steps = try await Self.run(scratch, ["show", "01-do-it.md", "--format", "json"])
    #expect(try JSONSchema.fixture("playbook.schema.json").problems(in: steps.output) == [])
    let near = try await Self.run(scratch, ["run", "do-its"], expecting: 2)
    #expect(near.errors.contains("did you mean do-it?"))
    let none = try await Self.run(scratch, ["show", "7"], expecting: 2)
    #expect(none.errors.contains("there are 01-do-it"))
    _ = try await Self.run(scratch, ["run"], expecting: 2)
    _ = try await Self.run(scratch, ["run", "1", "--all"], expecting: 2)
    let open = try Self.folder("# 1. X\n\n**Way back**: no.\n\n```sh\nls\n")
    let refused = try await Self.run(open, ["list"], expecting: 2)
    #expect(refused.errors.contains("playbooks/01-do-it.md: line 5: the block that opens here"))
  }

  @Test func `the nine of this repository, in their order`() async throws {
    let outcome = try await Executable.strangler.run([
      "playbook", "list", "--format", "json", "--playbooks",
      Repository.root.appending(path: "playbooks").path(percentEncoded: false),
    ])
    struct Listing: Decodable {
      struct Entry: Decodable {
        let number: Int
        let title: String
        let steps: Int
      }
      let playbooks: [Entry]
    }
    let listing = try JSONDecoder().decode(Listing.self, from: Data(outcome.output.utf8))
    #expect(listing.playbooks.map(\.number) == Array(1...9))
    #expect(
      listing.playbooks.map(\.title) == [
        "Choose the first service", "Put the proxy in front", "The first shadow",
        "The first cutover", "Events instead of dual writes", "Move the data",
        "Sagas for broken transactions", "Roll back", "Retire the code",
      ])
    #expect(listing.playbooks.allSatisfy { $0.steps >= 3 })
  }
}
