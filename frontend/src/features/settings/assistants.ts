/** How an assistant is told of Dataferry. `here`: it starts the program; `there`: it goes to `address`. */
interface Assistant {
  name: string;
  /** Where the text belongs. */
  file: string;
  here: string;
  there: (address: string) => string;
}

const PROGRAM = { command: "dataferry", args: ["mcp"] };
const BEARER = `Bearer $\{env:DATAFERRY_TOKEN}`;

/** Their public configuration formats; docs/mcp.md has the same. */
export const ASSISTANTS: Assistant[] = [
  {
    name: "Claude Code",
    file: "In a terminal",
    here: "claude mcp add dataferry -- dataferry mcp",
    there: (address) =>
      `claude mcp add --transport http dataferry ${address} --header "Authorization: Bearer $DATAFERRY_TOKEN"`,
  },
  {
    name: "Claude Desktop",
    file: "Settings, Developer, Edit Config",
    here: json({ mcpServers: { dataferry: PROGRAM } }),
    // It starts programs only; this one speaks to the server there.
    there: (address) =>
      json({
        mcpServers: {
          dataferry: {
            ...PROGRAM,
            env: { DATAFERRY_SERVER: address.replace(/\/mcp$/, ""), DATAFERRY_TOKEN: "dft_…" },
          },
        },
      }),
  },
  {
    name: "Cursor",
    file: "~/.cursor/mcp.json",
    here: json({ mcpServers: { dataferry: PROGRAM } }),
    there: (address) =>
      json({ mcpServers: { dataferry: { url: address, headers: { Authorization: BEARER } } } }),
  },
  {
    name: "VS Code",
    file: ".vscode/mcp.json",
    here: json({ servers: { dataferry: { type: "stdio", ...PROGRAM } } }),
    there: (address) =>
      json({
        inputs: [
          {
            id: "dataferry",
            type: "promptString",
            description: "Dataferry's token",
            password: true,
          },
        ],
        servers: {
          dataferry: {
            type: "http",
            url: address,
            headers: { Authorization: `Bearer $\{input:dataferry}` },
          },
        },
      }),
  },
  {
    name: "Codex",
    file: "~/.codex/config.toml",
    here: '[mcp_servers.dataferry]\ncommand = "dataferry"\nargs = ["mcp"]',
    there: (address) =>
      `[mcp_servers.dataferry]\nurl = "${address}"\nbearer_token_env_var = "DATAFERRY_TOKEN"`,
  },
  {
    name: "Gemini CLI",
    file: "~/.gemini/settings.json",
    here: json({ mcpServers: { dataferry: PROGRAM } }),
    there: (address) =>
      json({
        mcpServers: {
          dataferry: { httpUrl: address, headers: { Authorization: "Bearer $DATAFERRY_TOKEN" } },
        },
      }),
  },
];

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
