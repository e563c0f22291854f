package scaffold

// agentsFile is where coding agents look for what to know of a folder.
const agentsFile = "AGENTS.md"

// agents is what a coding agent needs to know of a new capsule: the loop.
const agents = `# For coding agents

This folder is a capsule of Astrid OS. A person runs ` + "`astrid-dev watch`" + ` in it; it builds by itself.

1. Edit.
2. ` + "`astrid-dev wait`" + ` returns the verdict on exactly what is on disk now. Exit code 0: sound. 1: read the errors it
   prints, and go to 1. 124: go on with the ` + "`--since`" + ` that it names. 3: nobody watches; ` + "`astrid-dev wait --build`" + `.
3. Many files at once: ` + "`astrid-dev hold`" + ` before, ` + "`astrid-dev release`" + ` after; nothing in between is built.
4. ` + "`astrid-dev status`" + ` says how it stands, ` + "`astrid-dev why FILE`" + ` why something was built, or was not.
5. Never wait by sleeping. Do not edit ` + "`target`" + ` or the published ` + "`.wasm`" + `: builds write them.
`
