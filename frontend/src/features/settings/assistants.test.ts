import { expect, test } from "vitest";
import { ASSISTANTS } from "./assistants";

const ADDRESS = "https://data.example.org/mcp";

test.each(ASSISTANTS)(
  "$name is told of the program and of the address",
  ({ file, here, there }) => {
    expect(here).toMatch(/dataferry/);
    expect(here).toMatch(/mcp/);
    expect(there(ADDRESS)).toContain("https://data.example.org");
    if (!file.endsWith(".json")) return;
    expect(JSON.parse(here)).toBeTruthy();
    expect(JSON.parse(there(ADDRESS))).toBeTruthy();
  },
);
