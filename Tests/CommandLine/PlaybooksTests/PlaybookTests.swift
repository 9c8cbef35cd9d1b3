// SPDX-License-Identifier: Apache-2.0

import Playbooks
import Testing

/// What makes a Markdown file a playbook.
@Suite struct PlaybookTests {
  static let text = """
    # 4. Turn the page

    **You need** a book.
    **You get** another page
    and no crease.
    **Way back**: turn it
    again.

    ## Open it

    Words that are no commands, and a listing that is none either:

    ```text
    rm -rf /
    ```

    ```sh
    open book
    page=1
    ```

    ## Turn

    **Way back**: page 1.

    ```sh
    turn "$page"
    ```

    ### And look

    ```sh
    look
    ```
    """

  @Test func `title, purpose and steps with their lines`() throws {
    let playbook = try Playbook(name: "04-turn-the-page", text: Self.text)
    #expect(playbook.number == 4 && playbook.title == "Turn the page")
    #expect(playbook.shortName == "turn-the-page")
    #expect(playbook.gives == "another page and no crease.")
    #expect(playbook.steps.map(\.heading) == ["Open it", "Turn", "And look"])
    #expect(playbook.steps.map(\.lines) == [17...20, 26...28, 32...34])
    #expect(playbook.steps.map(\.commands) == ["open book\npage=1", "turn \"$page\"", "look"])
    // A section's own way back counts within the section.
    #expect(playbook.steps.map(\.wayBack) == ["turn it again.", "page 1.", "turn it again."])
  }

  @Test func `what lacks something is refused by name`() {
    func refusal(_ name: String, _ text: String) -> String? {
      do throws(PlaybookError) {
        _ = try Playbook(name: name, text: text)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal("gates", Self.text)?.contains("two digits and a dash") == true)
    #expect(refusal("4-x", Self.text)?.contains("two digits and a dash") == true)
    #expect(refusal("04-x", "**Way back**: no\n```sh\na\n```")?.contains("a title") == true)
    #expect(refusal("04-x", "# 4. X\n**Way back**: no\n")?.contains("a block") == true)
    #expect(refusal("04-x", "# 4. X\n```sh\na\n```")?.contains("**Way back**") == true)
    #expect(
      refusal("04-x", "# 4. X\n\n**Way back**: no\n\n```sh\na\n")
        == "line 5: the block that opens here is never closed")
  }

  @Test func `a line of the script is that line of the playbook`() throws {
    let playbook = try Playbook(name: "04-turn-the-page", text: Self.text)
    let lines = PlaybookScript(playbook, token: "T").text
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == Self.text.split(separator: "\n", omittingEmptySubsequences: false).count)
    #expect(lines[0].contains("set -eEuo pipefail"))
    #expect(lines[16] == "playbook_mark step 1" && lines[19] == "playbook_mark done 1")
    #expect(lines[17] == "open book" && lines[26] == "turn \"$page\"" && lines[32] == "look")
    let words = [lines[1...15], lines[20...24], lines[28...30]].joined()
    #expect(!words.contains { !$0.isEmpty })
  }
}
